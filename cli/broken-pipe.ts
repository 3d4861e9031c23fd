/**
 * A reader that has seen enough (`fractal interval list | head`) is not a failure. The command is not cut
 * off: native threads of the engine abort a process that ends under them. What it still prints goes
 * nowhere; it ends by itself, and a role, which would not, is stopped as by a signal.
 */
export function exitOnBrokenPipe(fail: (error: Error) => void): void {
  let stopped = false
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') fail(error)
    // Each line that is still printed comes here; a second signal would end a role at once.
    if (stopped || process.listenerCount('SIGTERM') === 0) return
    stopped = true
    process.kill(process.pid, 'SIGTERM')
  })
}
