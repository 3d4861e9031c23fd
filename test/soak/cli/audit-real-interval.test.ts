import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signText } from '../../../base/sr25519.js'
import type { Chain } from '../../../chain/chain.js'
import { ChainError } from '../../../chain/errors.js'
import { type AuditOptions, auditOne, RecordChain } from '../../../cli/audit/audit-records.js'
import { recompute } from '../../../cli/audit/recompute.js'
import { readSignedRecord, type SignedRecord } from '../../../cli/audit/signed-record.js'
import { recomputeEvidence } from '../../../cli/evidence/recompute-evidence.js'
import { answerText } from '../../../formats/answer.js'
import { type CanonicalValue, canonicalJson } from '../../../formats/canonical-json.js'
import { evidenceHash, evidenceText } from '../../../formats/evidence.js'
import { sha256Hex } from '../../../formats/sha256.js'
import type { AnswerCheck } from '../../../rules/record/answer-columns.js'
import { parseEvidence } from '../../../wire/evidence/evidence-schema.js'
import { requestParams } from '../../../wire/evidence/judged-again.js'
import { chainWith, useChain } from '../../activities/verifier-site.js'
import { type RealInterval, realInterval } from '../../cli/audit/real-interval.js'
import { runCli } from '../../cli/run-cli.js'
import { TINY_MODEL } from '../../engine/fixtures.js'
import { useDatabase } from '../../support/postgres.js'

const NONE = { kind: 'superseded', sent_block: null, included_block: null }

type Json = { [key: string]: CanonicalValue }

describe('an audit of an interval that a real model and a chain took part in', function () {
  this.timeout(120_000)
  const database = useDatabase()
  const chain = useChain()
  let interval: RealInterval
  let signed: SignedRecord
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-real-'))
    interval = await realInterval(chain(), database().db)
    signed = readSignedRecord(interval.text, 'a file')
  })
  after(async () => {
    await interval?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const audit = async (
    changes: Partial<Chain> | null,
    of = signed,
    more: Partial<AuditOptions> = {},
  ) => {
    const options = { allSignatures: true, verifier: null, netuid: null, chainOnly: false, ...more }
    const onChain = changes === null ? null : chainWith(chain().chain, changes)
    const found = await auditOne(of, new RecordChain(), { ...options, chain: onChain })
    return {
      findings: found.findings.map(({ where, what }) => `${where} ${what}`),
      notes: found.notes,
    }
  }

  describe('with the chain', () => {
    it('finds its weights there, and who was there to be judged', async () => {
      const { findings, notes } = await audit({})
      assert.deepEqual(findings, [])
      const block = signed.published.included_block
      const stored = `the chain stores its weights in block ${block}`
      assert.equal(notes[0], stored)
      assert.match(notes[1]!, /^its settings: profile “test”, .*, sample_size 8 \(production: 1\)/)
      const only = await audit({}, signed, { chainOnly: true })
      assert.deepEqual(only, { findings, notes: [stored] })
    })

    it('says that it is another network’s', async () => {
      const { findings } = await audit({ genesisHash: '22'.repeat(32) })
      assert.match(findings.join('\n'), /^genesis_hash says .*: it is another network’s$/)
    })

    it('finds other weights than follow, or none', async () => {
      const other = await audit({ weights: async () => [[1, 7]] })
      assert.match(
        other.findings.join('\n'),
        /^weights on the chain in block \d+ says \[\[1,7\]\], but/,
      )
      const none = await audit({ weights: async () => [] })
      assert.match(none.findings.join('\n'), /^weights on the chain in block \d+ says \[\], but/)
      assert.equal((await audit({}, { ...signed, published: NONE })).findings.length, 0)
      const early = { ...signed, published: { ...signed.published, included_block: 1 } }
      assert.match((await audit({}, early)).findings.join('\n'), /shown by block 1, but/)
      const late = { ...signed, published: { ...signed.published, included_block: 999_999 } }
      assert.match((await audit({}, late)).findings.join('\n'), /the last final block is \d+/)
    })

    it('finds weights that were set although the record says that none were', async () => {
      const { harness, deps } = interval.site.verifier
      const { firstBlock, length } = signed.read.record
      const { number } = await harness.chain.head()
      // Two more: so far behind is what is final.
      await harness.advance(Math.max(1, firstBlock + 2 * length + 2 - number))
      const records = new RecordChain()
      const quiet = { ...signed, published: NONE }
      const options = { chain: harness.chain, chainOnly: true, allSignatures: false }
      const since = (block: number) => {
        records.shown = { block, pairs: [[1, 7]] }
        return auditOne(quiet, records, { ...options, verifier: null, netuid: deps.id.netuid })
      }
      const { findings } = await since(firstBlock)
      assert.match(
        findings[0]!.what,
        /^were set in block \d+, although the record says that none were/,
      )
      // Nothing was set since the last that is known.
      assert.deepEqual((await since(signed.published.included_block!)).findings, [])
    })

    it('finds who was left out, or made up', async () => {
      const { metagraph } = chain().chain
      const real = chain().chain
      const changed = (
        change: (neurons: Awaited<ReturnType<typeof metagraph>>['neurons']) => typeof neurons,
      ) => ({
        metagraph: async (...given: Parameters<typeof metagraph>) => {
          const found = await real.metagraph(...given)
          return { ...found, neurons: change(found.neurons) }
        },
      })
      const more = await audit(
        changed((neurons) => [...neurons, { ...neurons[1]!, uid: 9, hotkey: '5Left' }]),
      )
      assert.match(
        more.findings.join('\n'),
        /^opening leaves out 5Left, which the chain has at block/,
      )
      const fewer = await audit(changed((neurons) => neurons.filter(({ uid }) => uid !== 2)))
      assert.match(
        fewer.findings.join('\n'),
        /opening has 5\w+, which the chain does not have to be judged/,
      )
      const first = signed.read.record.firstBlock
      const block = await audit({
        blockAt: async (number) => {
          const found = await real.blockAt(number)
          return number === first ? { ...found, hash: 'ff'.repeat(32) } : found
        },
      })
      assert.match(block.findings.join('\n'), /^first_block_hash says/)
    })

    it('says what an old node can no longer compare', async () => {
      const gone = async () => {
        throw new ChainError('StateDiscarded', 'the state is discarded')
      }
      const first = signed.read.record.firstBlock
      const real = chain().chain
      const pruned = await audit({
        metagraph: (netuid, at) => (at?.number === first ? gone() : real.metagraph(netuid, at)),
      })
      assert.deepEqual(pruned.findings, [])
      assert.match(
        pruned.notes.join('\n'),
        /who was there was not compared: the node no longer keeps/,
      )
      await assert.rejects(audit({ weights: gone }), (error: Error & { hint: string }) => {
        assert.match(error.message, /^The chain cannot be compared/)
        assert.match(error.hint, /--subtensor\.network archive/)
        return true
      })
    })
  })

  describe('that generates challenges again', () => {
    const again = (of: SignedRecord) =>
      recompute(of, { recompute: 10, modelDir: TINY_MODEL, device: undefined })
    /** As if its verifier had said something else of one prover's challenges. */
    const judgedAs = (i: number, check: AnswerCheck): SignedRecord => {
      const hotkey = interval.site.verifier.provers[i]!.ss58
      const { read } = signed
      const answers = read.answers.map((row) =>
        row.hotkey === hotkey && row.kind === 'challenge' ? { ...row, checks: [check] } : row,
      )
      const byId = new Map(answers.map((row) => [row.requestId, row]))
      return { ...signed, read: { ...read, answers, byId } }
    }

    it('agrees with the verdicts, by the command too', async () => {
      const { findings, notes } = await again(signed)
      assert.deepEqual(findings, [])
      const { length } = signed.read.record.challenges
      const half = length / 2
      assert.match(
        notes.join(),
        new RegExp(
          `^${length} challenges computed again here, [\\d.]+ s each: ${half} with equal bytes, ${half} judged a cheat, with other bytes indeed$`,
        ),
      )
      const file = join(folder, 'record.json')
      await writeFile(file, interval.text)
      const { code, stdout, stderr } = await runCli([
        ...['audit', file, '--no-chain', '--recompute', '1', '--model.dir', TINY_MODEL],
      ])
      assert.equal(code, 0, `${stdout}${stderr}`)
      assert.match(stdout, /1 challenge computed again here/)
    })

    it('finds an honest answer that is called a cheat, and a cheat that passed', async () => {
      const cheat = {
        kind: 'challenge',
        verdict: 'cheat',
        reason: 'hash_differs',
        rewardPpm: -10_000,
      } as const
      const accused = await again(judgedAs(0, cheat))
      assert.match(
        accused.findings[0]!.what,
        /is called a cheat, but this machine computes the same$/,
      )
      const pass = {
        kind: 'challenge',
        verdict: 'pass',
        reason: 'hash_equal',
        rewardPpm: 1_000_000,
      } as const
      const spared = await again(judgedAs(1, pass))
      assert.match(
        spared.findings[0]!.what,
        /passed as equal, but this machine computes other bytes$/,
      )
    })

    it('needs the model', async () => {
      const { read } = signed
      const record = { ...read.record, modelRoot: '00'.repeat(32) }
      const { findings } = await again({ ...signed, read: { ...read, record } })
      assert.match(findings[0]!.what, /this machine has .*: give --model\.dir$/)
    })
  })

  describe('of evidence', () => {
    it('computes a cheat again, by the command too', async () => {
      const file = join(folder, 'evidence.json')
      await writeFile(file, await interval.evidence('spotcheck'))
      const { code, stdout, stderr } = await runCli([
        ...['evidence', 'verify', file, '--recompute', '--model.dir', TINY_MODEL],
      ])
      assert.equal(code, 0, `${stdout}${stderr}`)
      assert.match(stdout, /ok {6}Computed again here, it is a cheat/)
      assert.match(stdout, /The evidence holds: 5/)
      const whole = parseEvidence(JSON.parse(await interval.evidence('challenge')))
      const { signal } = new AbortController()
      const { found, text } = await recomputeEvidence(interval.engine, whole, signal)
      assert.equal(found, 'ok', text)
    })

    it('against an honest answer does not stand, whoever signed it', async () => {
      const { engine, site } = interval
      const file = JSON.parse(await interval.evidence('challenge')) as Json & { answer: Json }
      const evidence = parseEvidence(file)
      const made = await engine.generate(requestParams(evidence))
      const terms = { framesSha256: made.framesSha256, traceRoot: made.traceRoot }
      const { genesis_hash, netuid, verifier, prover, answer, request } = evidence
      const text = answerText({
        ...{ genesisHash: genesis_hash, netuid, verifier, prover, ...terms },
        bodySha256: sha256Hex(request.body),
        determinismClass: answer.determinism_class,
        modelRoot: answer.model_root,
      })
      file.answer = {
        ...file.answer,
        ...{ frames_sha256: terms.framesSha256, trace_root: terms.traceRoot },
        signature: signText(site.verifier.provers[1]!, text),
      }
      file.signature = signText(site.verifier.signer, evidenceText(evidenceHash(file)))
      const forged = parseEvidence(JSON.parse(canonicalJson(file)))
      const { found, text: why } = await recomputeEvidence(
        engine,
        forged,
        new AbortController().signal,
      )
      assert.equal(found, 'failed', why)
    })
  })
})
