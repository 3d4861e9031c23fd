import { signText } from '../../base/sr25519.js'
import { publishedClassesText } from '../../formats/published-classes.js'
import { type PublishedBody, putPublishedClasses } from '../../ledger/judging/published-classes.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { usableCertificates } from './certificates.js'

/**
 * Signs and stores which classes can be judged when interval n opens; provers compare their own with them.
 */
export async function publishClasses(deps: VerifierDeps, n: number): Promise<void> {
  const { db, id, chain, model, signer } = deps
  const certificates = await usableCertificates(db, deps)
  const body: PublishedBody = {
    genesis_hash: chain.genesisHash,
    ...id,
    interval: n,
    model: model.name,
    model_root: model.root,
    classes: certificates.map(({ determinismClass, exact, usPerWork }) => ({
      determinism_class: determinismClass,
      exact,
      us_per_work: usPerWork,
    })),
  }
  const signature = signText(signer, publishedClassesText(body))
  await putPublishedClasses(db, id, { body, signature })
}
