import mocha from 'mocha'

/** Mocha's usual report, then one closing line that a machine can read: `N passed, N failed`. */
export default class CiReporter extends mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options)
    // After the epilogue, which Spec prints at the same event.
    runner.once('end', () => {
      const { passes, failures, pending } = runner.stats
      const skipped = pending === 0 ? '' : `, ${pending} skipped`
      console.log(`${passes} passed, ${failures} failed${skipped}`)
      // What a failed test left open would keep the process until the step's time is over.
      if (failures > 0) setTimeout(() => process.exit(1), 10_000).unref()
    })
  }
}
