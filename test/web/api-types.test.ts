import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import openapiTS, { astToString, COMMENT_HEADER, type OpenAPI3 } from 'openapi-typescript'
import ts from 'typescript'
import { phaseSchema } from '../../api/network/intervals.js'
import { checkKindSchema, tierSchema, verdictSchema } from '../../api/network/schema.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import { SAMPLES_MODEL } from '../../web/network/samples-model.js'
import { KIND_NAMES, PHASE_WORDS, TIERS, VERDICTS } from '../../web/words.js'
import { awayTemporal, startApi } from '../api/server.js'
import { newVerifier } from '../ledger/fixtures.js'
import { useDatabase } from '../support/postgres.js'

const FILE = fileURLToPath(new URL('../../web/api-schema.ts', import.meta.url))

/** The others are of paths and webhooks, and say nothing here. */
function isComponents(node: ts.Node): boolean {
  return ts.isInterfaceDeclaration(node) && node.name.text === 'components'
}

describe('web/api-schema.ts', () => {
  const database = useDatabase()

  it('has the types of the API’s own OpenAPI document', async () => {
    const api = await startApi({
      db: database().db,
      temporal: awayTemporal(),
      verifierId: newVerifier(),
    })
    const document = (await (await api.fetch('/openapi.json')).json()) as OpenAPI3
    await api.close()
    const { openapi, info, components } = document
    // The pages have types of what is answered: not of the addresses that they ask.
    const { schemas } = components!
    const types = await openapiTS(
      { openapi, info, components: { schemas: schemas! } },
      { immutable: true },
    )
    const made = `${COMMENT_HEADER}${astToString(types.filter(isComponents))}`
    if (process.env.UPDATE_DOCS === '1') return writeFile(FILE, made)
    const how = "the API changed: UPDATE_DOCS=1 npm test -- 'test/web/api-types.test.ts'"
    assert.equal(await readFile(FILE, 'utf8'), made, how)
  })
})

describe('the pages’ words for what the API answers', () => {
  const same = (own: readonly string[], server: readonly string[]): void =>
    assert.deepEqual([...own].sort(), [...server].sort())

  it('name every tier, phase, verdict and kind of check', () => {
    assert.deepEqual(TIERS, tierSchema.options)
    same(Object.keys(PHASE_WORDS), phaseSchema.options)
    same(VERDICTS, verdictSchema.options)
    same(Object.keys(KIND_NAMES), checkKindSchema.options)
  })

  it('name the model that is shipped beside its videos', async () => {
    const told = JSON.parse(await readFile(join(defaultModelDir(), 'fractal.json'), 'utf8'))
    assert.equal(SAMPLES_MODEL, told.name)
  })
})
