import { fileURLToPath } from 'node:url'

/** The command as a clone has it: tsx compiles it while it loads. */
export const BIN = fileURLToPath(new URL('../../cli/fractal.mjs', import.meta.url))

/** The command as production has it. `npm test` compiles it once for all; a test that is run alone does without. */
export const COMPILED_BIN = process.env.FRACTAL_TEST_BIN ?? BIN
