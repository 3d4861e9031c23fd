import { FractalError } from '../../base/errors.js'
import { resolveOptions } from '../../base/options/options.js'
import { certify } from '../../engine/class/certify.js'
import { openEngine } from '../../engine/engine.js'
import { standardOf } from '../../engine/model/known-answers.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import { shortClass } from '../../formats/determinism-class.js'
import { workOf } from '../../formats/generation.js'
import { environmentOver } from '../environment.js'
import { printJson, printLine } from '../output.js'
import { ProgressBar } from '../progress-bar.js'

/**
 * Certifies this machine's class without a ledger: prints what a verifier would record.
 * @throws FractalError `not_exact` when the runs differ: ground truth of this machine judges nobody
 */
export async function certifyByHand(
  given: Readonly<Record<string, unknown>>,
  runs: number,
  json: boolean,
): Promise<void> {
  const { device, 'model.dir': folder } = resolveOptions(
    ['device', 'model.dir'],
    given,
    environmentOver({ FRACTAL_DEVICE: 'cpu' }),
  )
  const modelDir = folder ?? defaultModelDir()
  const bar = new ProgressBar()
  const session = await openEngine({ modelDir, device })
  const certificate = await certify({
    modelDir,
    device,
    runs,
    session,
    // A GPU may have no room for the model twice.
    beforeSecondProcess: () => session.close(),
    onRun: (run) => bar.show('certifying', run, runs),
  }).finally(() => {
    bar.clear()
    return session.close()
  })
  const work = workOf(standardOf(session.descriptor))
  const usPerVideo = Math.round((certificate.usPerWork * work) / 1_000_000)
  if (json) printJson({ ...certificate, usPerVideo })
  else {
    const { determinismClass, exact, processes, coldUs } = certificate
    printLine(`class      ${shortClass(determinismClass)}  ${determinismClass}`)
    printLine(`runs       ${runs} in ${processes} processes`)
    printLine(`exact      ${exact ? 'yes: all bytes were equal' : 'NO'}`)
    printLine(`per video  ${(usPerVideo / 1e6).toFixed(3)} s`)
    if (coldUs > 0)
      printLine(`cold       ${(coldUs / 1e6).toFixed(3)} s more for the first of a size`)
  }
  if (!certificate.exact) {
    throw new FractalError('not_exact', 'The runs differ: this determinism class is not exact.', {
      hint: 'Check for another driver version, libraries that depend on the machine, or faulty memory.',
    })
  }
}
