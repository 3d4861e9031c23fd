import { pino } from 'pino'

export type Log = pino.Logger

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * A log of JSON lines on standard error: a constant message plus fields, so that standard output
 * stays for results. Never log a prompt, a key or a token; no addresses at info.
 */
export function createLog(role: string, level: LogLevel = 'info'): Log {
  return pino(
    {
      level,
      base: { role },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.err },
    },
    pino.destination({ fd: 2, sync: false }),
  )
}
