import { z } from 'zod'
import { FractalError } from '../../base/errors.js'
import type { ModelFiles } from '../../engine/model/model-files.js'
import { modelRoot } from '../../formats/model-root.js'

const digest = z.string().regex(/^[0-9a-f]{64}$/)

const manifestSchema = z.strictObject({
  format: z.literal('fractal-model-1'),
  root: digest,
  files: z
    .array(
      z.strictObject({ path: z.string().max(200), size: z.int().nonnegative(), sha256: digest }),
    )
    .min(1)
    .max(1000),
})

/** What a published model consists of; it stands beside the folder of its files, for it is none of them. */
export type Manifest = z.output<typeof manifestSchema>

export function manifestOf({ root, sizes, sums }: ModelFiles): Manifest {
  const files = [...sums].map(([path, sha256]) => ({ path, size: sizes.get(path)!, sha256 }))
  return { format: 'fractal-model-1', root, files }
}

/**
 * Its paths are plain and relative, and its root is that of its files.
 * @throws FractalError `manifest_invalid`
 */
export function parseManifest(text: string): Manifest {
  try {
    const manifest = manifestSchema.parse(JSON.parse(text))
    const root = modelRoot(manifest.files)
    if (root !== manifest.root)
      throw new Error(`its files have the root ${root}, it says ${manifest.root}`)
    return manifest
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message
    throw new FractalError('manifest_invalid', `That is no manifest of a model: ${why}.`, {
      hint: 'Give the address that `fractal model manifest` was published at, which ends in .json.',
      cause,
    })
  }
}
