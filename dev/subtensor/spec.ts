import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { FractalError } from '../../base/errors.js'
import type { StorageHex } from './storage.js'

/** The only spec that this folder knows: storage keys and call indices in it are of this runtime. */
const SHA256 = 'bb2c7e34390f8fb5032750cc7d80d23f91a47f56fdebf4c35a24c7938b96c57c'
const BESIDE = fileURLToPath(
  new URL('../../../shared/subtensor/devnet-raw-spec-218.json', import.meta.url),
)
const HOW = `Get scripts/specs/raonet.json of github.com/opentensor/subtensor (sha256 ${SHA256}) and set SUBTENSOR_SPEC to its path.`

const specSchema = z.object({
  genesis: z.object({ raw: z.object({ top: z.record(z.string(), z.string()) }) }),
})

/**
 * Where the raw chain spec of Subtensor is: `SUBTENSOR_SPEC`, else beside the repository. It is not ours to
 * ship.
 */
export async function findSpec(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Promise<{ path: string } | { missing: string }> {
  const given = env.SUBTENSOR_SPEC
  const file = given === undefined || given === '' ? BESIDE : path.resolve(given)
  if (!existsSync(file)) return { missing: `there is no chain spec at ${file}. ${HOW}` }
  const found = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
  if (found !== SHA256) return { missing: `${file} is another chain spec (${found}). ${HOW}` }
  return { path: file }
}

/** @throws FractalError `subtensor_spec_missing`, saying how to get it */
export async function requireSpec(): Promise<string> {
  const found = await findSpec()
  if ('path' in found) return found.path
  throw new FractalError(
    'subtensor_spec_missing',
    "the chain spec of Subtensor's runtime is missing",
    {
      hint: found.missing,
    },
  )
}

/** The storage at genesis: SCALE values by key, all in hex. */
export async function readGenesis(file: string): Promise<Map<StorageHex, StorageHex>> {
  const { top } = specSchema.parse(JSON.parse(await readFile(file, 'utf8'))).genesis.raw
  return new Map(Object.entries(top) as [StorageHex, StorageHex][])
}
