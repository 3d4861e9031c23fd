import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { environmentName, OPTIONS } from '../../base/options/options.js'
import { optionTable } from './option-table.js'

const PAGE = fileURLToPath(new URL('../../docs/options.md', import.meta.url))
const PARTS = /^(.*<!-- made by test\/repo\/option-table\.ts -->\n\n)(.*)(\n\n<!-- end -->.*)$/s

/** What operators of the original type (design, architecture section 9); each is explained on the page. */
const ORIGINAL = [
  'neuron.name',
  'blacklist.force_verifier_permit',
  'blacklist.allow_non_registered',
  'neuron.model_endpoint',
  'neuron.sample_size',
  'neuron.disable_set_weights',
  'neuron.moving_average_alpha',
  'neuron.axon_off',
  'neuron.vpermit_tao_limit',
  'neuron.compute_stats_interval',
  'database.host',
  'database.port',
  'database.index',
  'database.password',
  'database.url',
  'netuid',
  'subtensor.network',
  'subtensor.chain_endpoint',
  'wallet.name',
  'wallet.hotkey',
  'wallet.path',
  'axon.port',
  'axon.external_port',
  'axon.external_ip',
  'logging.level',
]

/** A table without the formatter's padding. */
function cellsOf(table: string): string[][] {
  const rows = table.split('\n').filter((row) => !/^[|\s-]+$/.test(row))
  return rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\||\|$/g, '').trim()))
}

describe('docs/options.md', () => {
  const text = readFileSync(PAGE, 'utf8')

  it('has every option as the code has it', () => {
    const [, before, table, after] = PARTS.exec(text) ?? assert.fail('its table lost its marks')
    if (process.env.UPDATE_DOCS === '1') {
      writeFileSync(PAGE, `${before}${optionTable()}${after}`)
      return
    }
    const how = "an option changed: UPDATE_DOCS=1 npm test -- 'test/repo/options-doc.test.ts'"
    assert.deepEqual(cellsOf(table!), cellsOf(optionTable()), how)
    const unread = table!.split('\n').filter((row) => row.split(' | ')[2]?.trim() === '')
    assert.deepEqual(unread, [], 'some process reads each')
  })

  it('says of every option of the original what it does here, and names none that is not', () => {
    const said = text.slice(text.indexOf('## Options of the original'), text.indexOf('## All'))
    for (const name of ORIGINAL) {
      assert.ok(name in OPTIONS, name)
      assert.match(said, new RegExp(`^\\| [^|]*\`--${name.replaceAll('.', '\\.')}\``, 'm'), name)
    }
    const known = new Set<string>(['a.b', ...Object.keys(OPTIONS)])
    for (const [, name] of text.matchAll(/`--([a-z_]+\.[a-z_.]+)/g)) {
      assert.ok(known.has(name!) || known.has(name!.replace(/_file$/, '')), name)
    }
    const variables = new Set([...known].map(environmentName))
    for (const [variable] of text.matchAll(/FRACTAL_[A-Z_]+/g)) {
      assert.ok(variables.has(variable.replace(/_FILE$/, '')), variable)
    }
  })
})
