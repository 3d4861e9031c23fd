import type { Option } from '../../base/options/define-option.js'
import { fileOption, OPTIONS, type OptionName } from '../../base/options/options.js'
import { MIGRATE_OPTIONS } from '../../cli/ledger/migrate-options.js'
import { LOCALNET_OPTIONS } from '../../dev/localnet/run.js'
import { DEVNET_OPTIONS } from '../../dev/subtensor/devnet/devnet.js'
import { API_OPTIONS } from '../../workers/roles/api.js'
import { CODEC_SERVER_OPTIONS } from '../../workers/roles/codec-server.js'
import { GPU_OPTIONS } from '../../workers/roles/gpu.js'
import { INFERENCE_OPTIONS } from '../../workers/roles/inference.js'
import { MODEL_SERVER_OPTIONS } from '../../workers/roles/model-server.js'
import { PROVER_OPTIONS } from '../../workers/roles/prover.js'
import { VERIFIER_OPTIONS } from '../../workers/roles/verifier.js'

/** Which process reads which options, in the order in which the table names them. */
const ROLES: Readonly<Record<string, readonly OptionName[]>> = {
  prover: PROVER_OPTIONS,
  verifier: VERIFIER_OPTIONS,
  'inference-worker': INFERENCE_OPTIONS,
  'gpu-worker': GPU_OPTIONS,
  'model-server': MODEL_SERVER_OPTIONS,
  'codec-server': CODEC_SERVER_OPTIONS,
  api: API_OPTIONS,
  migrate: MIGRATE_OPTIONS.filter((name) => name !== 'netuid' && name !== 'api.verifier'),
  localnet: LOCALNET_OPTIONS,
  devnet: DEVNET_OPTIONS,
}
/** Every process logs; the command line tools take no level. */
const LOGS = new Set(Object.keys(ROLES).filter((role) => role !== 'migrate'))

/** All options as a table in Markdown: the one in docs/options.md. */
export function optionTable(): string {
  const rows = (Object.keys(OPTIONS) as OptionName[]).map((name) => {
    const { fallback, describe, secret } = OPTIONS[name] as Option<unknown>
    const shown = fallback === undefined ? '' : `\`${String(fallback)}\``
    const file = secret ? ` (secret; a file: \`--${fileOption.given(name)}\`)` : ''
    return [`\`--${name}\``, shown, readersOf(name), `${describe}${file}`]
  })
  const lines = [['option', 'default', 'read by', 'what it is'], ['-', '-', '-', '-'], ...rows]
  return lines.map((cells) => `| ${cells.map(escaped).join(' | ')} |`).join('\n')
}

function readersOf(name: OptionName): string {
  const readers = Object.entries(ROLES)
    .filter(([role, names]) => (name === 'logging.level' ? LOGS.has(role) : names.includes(name)))
    .map(([role]) => role)
  return readers.length === LOGS.size ? 'every process' : readers.join(', ')
}

function escaped(cell: string): string {
  return cell.replaceAll('|', '\\|')
}
