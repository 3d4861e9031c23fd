import { exitOnBrokenPipe } from '../../cli/broken-pipe.js'
import { runUntilStopped } from '../../cli/run-until-stopped.js'

/* Started by closed-output.test.ts with a standard output that nobody reads. */
exitOnBrokenPipe((error) => {
  throw error
})
const print = () => process.stdout.write('a line\n')
const keepAlive = setInterval(print, 5)
if (process.argv[2] === 'role') {
  let end = () => {}
  const finished = new Promise<void>((resolve) => {
    end = resolve
  })
  await runUntilStopped({
    finished,
    // Stopping takes a while, and prints too.
    stop: async () => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      end()
    },
  })
} else {
  await new Promise<void>((resolve) => process.stdout.once('error', () => resolve()))
  print()
  await new Promise((resolve) => setTimeout(resolve, 50))
}
clearInterval(keepAlive)
process.stderr.write('ended by itself')
