import { pino } from 'pino'

export type Log = pino.Logger

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * A log of JSON lines, each a constant message plus fields, on standard error: standard output is for
 * results. Never log a prompt, a key or a token; no addresses at info.
 */
export function createLog(role: string, level: LogLevel = 'info'): Log {
  return pino(settings(role, level), output(2))
}

/**
 * The log of a long-running process, which has no results: warnings and errors go to standard error, the rest
 * to standard output, so that an error log (PM2 keeps one) contains only what needs attention.
 */
export function createRoleLog(role: string, level: LogLevel): Log {
  const streams = [
    { level: 'trace', stream: output(1) },
    { level: 'warn', stream: output(2) },
  ] as const
  return pino(settings(role, level), pino.multistream([...streams], { dedupe: true }))
}

function output(fd: 1 | 2) {
  return pino.destination({ fd, sync: false })
}

function settings(role: string, level: LogLevel): pino.LoggerOptions {
  return {
    level,
    base: { role },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: pino.stdSerializers.err },
  }
}
