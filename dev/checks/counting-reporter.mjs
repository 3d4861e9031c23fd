import { writeFileSync } from 'node:fs'
import mocha from 'mocha'

/** How long an open handle that a failed test left behind may keep the process. */
const LEFT_MS = 10_000

/**
 * Mocha's usual report; the counts, what failed and how long each file took go to the file of
 * FRACTAL_TEST_COUNTS, for dev/test.mjs to add up and to say at the end.
 */
export default class CountingReporter extends mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    const failed = []
    const seconds = secondsOfFiles(runner)
    const write = (ended) => {
      const { passes, failures, pending } = runner.stats
      const file = process.env.FRACTAL_TEST_COUNTS
      const counts = { passes, failures, pending, failed, seconds, ended }
      if (file) writeFileSync(file, JSON.stringify(counts))
    }
    runner.on('fail', (test, error) => {
      failed.push({ title: test.fullTitle(), file: test.file, why: error.stack ?? String(error) })
      // Now: a run that is stopped later has said why all the same.
      write(false)
    })
    runner.once('end', () => {
      write(true)
      if (runner.stats.failures > 0) setTimeout(() => process.exit(1), LEFT_MS).unref()
    })
  }
}

/** @returns the seconds of each file's suites with their hooks, filled while the tests run; without imports */
function secondsOfFiles(runner) {
  const seconds = {}
  let began = 0
  const isOutermost = (suite) => suite.parent?.root === true && suite.file !== undefined
  runner.on('suite', (suite) => {
    if (isOutermost(suite)) began = performance.now()
  })
  runner.on('suite end', (suite) => {
    if (!isOutermost(suite)) return
    seconds[suite.file] = (seconds[suite.file] ?? 0) + (performance.now() - began) / 1000
  })
  return seconds
}
