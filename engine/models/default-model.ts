import { fileURLToPath } from 'node:url'

/** Its name: rules/plan/prompts.ts is the grammar of its captions. */
export const SHIPPED_MODEL = 'fractal-shapes-1'

/** The embedded model: small, trained by this project, coloured shapes that move. */
export function defaultModelDir(): string {
  return fileURLToPath(new URL('./trained/model', import.meta.url))
}
