import type { JSX } from 'preact'
import { useId, useState } from 'preact/hooks'
import type { Prover, TierLine } from '../api-types.js'
import { count, plural, ppm } from '../format.js'
import { TierBadge, VerdictBadge } from '../parts/badges.js'
import { Bar } from '../parts/bar.js'
import { Hotkey } from '../parts/hotkey.js'
import { Icon } from '../parts/icons.js'

/** From this many provers on, people need to search for their own. */
const MANY = 12
/** Verdicts per row. */
const VERDICTS = 5
const COLUMNS = 8

/** Every prover by tier, best score first. */
export function ProverTable({
  provers,
  tiers,
}: {
  provers: readonly Prover[]
  tiers: readonly TierLine[]
}): JSX.Element {
  const id = useId()
  const [wanted, setWanted] = useState('')
  const found = provers.filter(
    ({ hotkey, coldkey, uid }) =>
      wanted === '' ||
      String(uid) === wanted ||
      hotkey.includes(wanted) ||
      coldkey.includes(wanted),
  )
  const most = Math.max(1, ...provers.map(({ score_ppm: score }) => score))
  return (
    <div class="stack tight">
      {provers.length >= MANY && (
        <div class="field finder">
          <label for={id}>Find a prover by hotkey, coldkey or uid</label>
          <input
            id={id}
            type="search"
            spellcheck={false}
            value={wanted}
            onInput={(event) => setWanted(event.currentTarget.value.trim())}
          />
        </div>
      )}
      {found.length === 0 && <p class="muted">No prover has this in its hotkey, coldkey or uid.</p>}
      <div class="table-wrap">
        <table class="cards three provers">
          <caption class="hidden-but-read">Provers by tier, the best score first</caption>
          <thead>
            <tr>
              <th scope="col">Prover</th>
              <th scope="col">Score</th>
              <th scope="col" class="num spare">
                Weight
              </th>
              <th scope="col" class="num">
                Validations
              </th>
              <th scope="col" class="num">
                Requests
              </th>
              <th scope="col" class="num spare">
                Successes
              </th>
              <th scope="col" class="num">
                Cheats
              </th>
              <th scope="col">Last verdicts</th>
            </tr>
          </thead>
          {tiers.map((tier) => (
            <TierRows
              key={tier.tier}
              tier={tier}
              provers={found
                .filter((prover) => prover.tier === tier.tier)
                .sort((a, b) => b.score_ppm - a.score_ppm || a.hotkey.localeCompare(b.hotkey))}
              most={most}
              searching={wanted !== ''}
            />
          ))}
        </table>
      </div>
      <p class="muted small">
        Rates are those of the last settled interval that is shown; successes and cheats are those
        of all up to it. What the running one finds is shown when it has settled, as a prover that
        knew it has been checked would know it is safe; and not before its weights are in the open
        on the chain, as another verifier could copy them.
      </p>
    </div>
  )
}

function TierRows({
  tier,
  provers,
  most,
  searching,
}: {
  tier: TierLine
  provers: readonly Prover[]
  most: number
  searching: boolean
}): JSX.Element | null {
  if (searching && provers.length === 0) return null
  return (
    <tbody>
      <tr class="tier-row">
        <th colSpan={COLUMNS} scope="rowgroup" class="wide">
          <span class="row">
            <TierBadge tier={tier.tier} />
            <span class="muted">{plural(provers.length, 'prover')}</span>
            <span class="muted wants">{wants(tier)}</span>
          </span>
        </th>
      </tr>
      {provers.map((prover) => (
        <ProverRow key={prover.hotkey} prover={prover} most={most} />
      ))}
    </tbody>
  )
}

/** `rates of 94.9 %, 3,500 successes · earns 55 %`. */
function wants({ requirements, reward_factor_ppm: factor }: TierLine): string {
  const { request_success_rate_minimum: rate, total_successes_minimum: total } = requirements
  const asks = [
    ...(rate === null ? [] : [`rates of ${rate}`]),
    ...(total === null || total === 0 ? [] : [`${count(total)} successes`]),
  ]
  const earns = `earns ${factor / 10_000} %`
  return asks.length === 0 ? `where everybody starts · ${earns}` : `${asks.join(', ')} · ${earns}`
}

function ProverRow({ prover, most }: { prover: Prover; most: number }): JSX.Element {
  const last = prover.last_settled_interval
  return (
    <tr>
      <td class="wide">
        <span class="row who">
          <Hotkey hotkey={prover.hotkey} />
          <span class="muted small">uid {prover.uid}</span>
          <Presence prover={prover} />
        </span>
      </td>
      <td data-label="Score">
        <span class="scored">
          {ppm(prover.score_ppm)}
          <Bar part={prover.score_ppm} of={most} />
        </span>
      </td>
      <td class="num spare" data-label="Weight">
        {prover.weight_u16 === null ? <span class="muted">none</span> : count(prover.weight_u16)}
      </td>
      <Rate
        name="Validations"
        rate={last?.validation_success_rate ?? null}
        part={last?.checks_passed ?? 0}
        of={last?.checks_judged ?? 0}
      />
      <Rate
        name="Requests"
        rate={last?.request_success_rate ?? null}
        part={last?.request_successes ?? 0}
        of={last?.request_attempts ?? 0}
      />
      <td class="num spare" data-label="Successes">
        {count(prover.total_successes)}
      </td>
      <td class="num" data-label="Cheats">
        {prover.cheats.total === 0 ? (
          <span class="muted">none</span>
        ) : (
          <strong class="verdict-cheat">{count(prover.cheats.total)}</strong>
        )}
      </td>
      <td class="marks" data-label="Last verdicts">
        {prover.last_verdicts.length === 0 ? (
          <span class="muted">none yet</span>
        ) : (
          <span class="verdicts">
            {prover.last_verdicts.slice(0, VERDICTS).map((line) => (
              <VerdictBadge
                key={`${line.interval} ${line.kind} ${line.decided_at}`}
                verdict={line.verdict}
                quiet
              />
            ))}
          </span>
        )}
      </td>
    </tr>
  )
}

function Rate(props: { name: string; rate: string | null; part: number; of: number }): JSX.Element {
  return (
    <td class="num" data-label={props.name}>
      {props.rate === null ? (
        <span class="muted">none</span>
      ) : (
        <>
          {props.rate}{' '}
          <small class="muted nowrap">
            {count(props.part)}/{count(props.of)}
          </small>
        </>
      )}
    </td>
  )
}

/** Shown only if something is wrong. */
function Presence({ prover }: { prover: Prover }): JSX.Element | null {
  if (!prover.present) return <span class="muted small">no longer registered</span>
  if (prover.reachable !== false) return null
  return (
    <span class="state verdict-fail small" title={prover.unreachable_reason ?? undefined}>
      <Icon name="bang" />
      not reachable
    </span>
  )
}
