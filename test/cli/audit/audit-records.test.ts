import assert from 'node:assert/strict'
import { signText, sr25519Ready } from '../../../base/sr25519.js'
import {
  type AuditOptions,
  auditOne,
  namedRecord,
  RecordChain,
  twoForOne,
} from '../../../cli/audit/audit-records.js'
import { readSignedRecord, type SignedRecord } from '../../../cli/audit/signed-record.js'
import { canonicalJson } from '../../../formats/canonical-json.js'
import { commitmentText } from '../../../formats/commitment.js'
import { recordHash, recordText } from '../../../formats/record.js'
import { sha256Hex } from '../../../formats/sha256.js'
import { ownSettings } from '../../../rules/audit/audit-profile.js'
import { weightInput } from '../../../rules/audit/audit-settlement.js'
import { PRODUCTION_PROFILE } from '../../../rules/profile.js'
import { encodeAnswers, type RecordedAnswer } from '../../../rules/record/answer-columns.js'
import type { PublicRecord, RecordVersion } from '../../../rules/record/public-record.js'
import { settlementInput } from '../../../rules/record/settlement-input.js'
import { settle } from '../../../rules/settle/settle.js'
import type { ProverSettlement } from '../../../rules/settle/settlement.js'
import { weightVector } from '../../../rules/settle/weights.js'
import { testSigner } from '../../chain/keys.js'
import {
  GENESIS,
  type Made,
  type MadeRecords,
  madeRecords,
  makeNext,
  resettle,
  signed,
} from '../../support/records/made-records.js'

const OPTIONS: AuditOptions = {
  chain: null,
  chainOnly: false,
  allSignatures: true,
  verifier: null,
  netuid: null,
}

/** As version 2 wrote it. */
function withoutCold(record: PublicRecord): PublicRecord {
  const text = JSON.stringify(record)
  return JSON.parse(text, (name, value) => (/^(gpuC|c)oldUs$/.test(name) ? undefined : value))
}

describe('audit of public records', () => {
  let honest: MadeRecords
  before(async () => {
    await sr25519Ready()
    honest = madeRecords(4)
    for (let i = 0; i < 3; i++) makeNext(honest)
  })

  const read = (text: string, source = 'a file'): SignedRecord => readSignedRecord(text, source)

  /** What an audit of these says, one after another. */
  async function sentences(texts: readonly string[], options = OPTIONS): Promise<string[]> {
    const records = new RecordChain()
    const told: string[] = []
    for (const text of texts) {
      const one = read(text)
      const { findings } = await auditOne(one, records, options)
      records.add(one)
      told.push(...findings.map(({ where, what }) => `${where} ${what}`))
    }
    return told
  }

  const texts = (records: MadeRecords) => records.made.map(({ text }) => text)
  const two = () => {
    const records = madeRecords(4)
    makeNext(records)
    return records
  }

  /** The second record of a verifier that lies in it, after an honest first one. */
  async function lie(
    change: (record: PublicRecord, answers: RecordedAnswer[]) => void,
  ): Promise<string[]> {
    const records = two()
    makeNext(records, change)
    return sentences(texts(records))
  }

  it('finds nothing in what is honest', async () => {
    assert.deepEqual(await sentences(texts(honest)), [])
    const [, second] = honest.made
    assert.ok(second!.record.settlement!.provers.some(({ scoreAfter }) => scoreAfter > 0))
    assert.ok(second!.answers.some(({ checks }) => checks.some(({ kind }) => kind === 'spotcheck')))
    // One alone has nothing before it that could be wrong.
    assert.deepEqual(await sentences([second!.text]), [])
  })

  it('computes deadlines with the cold price of the class', async () => {
    const records = madeRecords(4, { coldUs: 45_000_000 })
    const { record, answers } = makeNext(records)
    assert.deepEqual(await sentences(texts(records)), [])
    assert.ok(record.challenges.every(({ deadlineMs }) => deadlineMs > 90_000))
    const { plan } = record
    const longer = { ...record, plan: { ...plan!, gpuColdUs: 90_000_000 } }
    const told = await sentences([signed(records, longer, answers).text])
    assert.match(told.join('\n'), /body_sha256/)
  })

  it('reads records of version 2, which had no cold price', async () => {
    const [first, second, third] = honest.made as [Made, Made, Made]
    const of2 = { ...withoutCold(first.record), version: 'fractal-record/2' as const }
    const old = signed(honest, of2, first.answers)
    assert.doesNotMatch(old.text, /cold_us/)
    const next = { ...second.record, previous: { n: 1, hash: old.hash } }
    const { hash, text } = signed(honest, next, second.answers)
    const last = signed(honest, { ...third.record, previous: { n: 2, hash } }, third.answers)
    assert.deepEqual(await sentences([old.text, text, last.text]), [])
    const mixed: PublicRecord[] = [
      { ...first.record, version: 'fractal-record/2' },
      withoutCold(first.record),
    ]
    for (const record of mixed) {
      assert.throws(() => read(signed(honest, record, []).text), {
        code: 'bad_record',
        message: /something else than it should at (certificates|plan)/,
      })
    }
  })

  it('settles records up to version 3 by their rule: scores rose in Bronze without a check', async () => {
    // Sixteen provers, and time for few spot checks.
    const records = madeRecords(16, { usPerPixel: 200_000 })
    makeNext(records)
    const [{ record, answers }] = records.made as [Made]
    const unchecked = ({ checksPassed, observationPpm }: ProverSettlement) =>
      checksPassed === 0 && (observationPpm ?? 0) > 0
    const before: PublicRecord = { ...record, version: 'fractal-record/3' }
    const settlement = settle(settlementInput(before, answers)!)
    const rose = settlement.provers.filter(unchecked)
    assert.ok(rose.length > 0 && rose.every(({ scoreAfter }) => scoreAfter > 0))
    assert.ok(record.settlement!.provers.filter(unchecked).every((one) => one.scoreAfter === 0))
    const { weights } = record
    const vector = weightVector(weightInput(settlement, weights!))
    assert.ok(vector.kind === 'weights')
    const paid = { ...weights!, uids: vector.uids, values: vector.values }
    const told = (version: RecordVersion) =>
      sentences([signed(records, { ...before, version, settlement, weights: paid }, answers).text])
    assert.deepEqual(await told('fractal-record/3'), [])
    assert.match(
      (await told('fractal-record/4')).join('\n'),
      /score_after says 9000, but 0 follows/,
    )
  })

  it('finds nothing in an interval whose spot checks stopped at the end of their budget', async () => {
    const busy = madeRecords(4, { usPerPixel: 200_000, served: 40 })
    const { record } = makeNext(busy)
    const { budgetUs, spentUs } = record.plan!.spotChecks
    assert.ok(spentUs >= budgetUs!, `${spentUs} of ${budgetUs}`)
    assert.deepEqual(await sentences(texts(busy)), [])
  })

  it('says what settings a verifier has of its own', () => {
    const { vpermitTaoLimit: _, ...profile } = PRODUCTION_PROFILE
    const usual = { ...profile, vpermitLimitRao: '4096000000000' }
    assert.equal(ownSettings(usual), null)
    assert.equal(
      ownSettings({ ...usual, sampleSize: 3, movingAverageAlphaPpm: 1_000_000 }),
      'its settings: sample_size 3 (production: 1), moving_average_alpha_ppm 1000000 (production: 50000)',
    )
  })

  describe('refuses', () => {
    const refused = (text: string, pattern: RegExp) =>
      assert.throws(
        () => read(text),
        (error: Error & { code: string }) => {
          assert.equal(error.code, 'bad_record')
          assert.match(error.message, pattern)
          return true
        },
      )
    const second = () => honest.made[1]!
    const changed = (from: RegExp, to: string) => {
      const text = second().text.replace(from, to)
      assert.notEqual(text, second().text)
      return text
    }

    it('what is no record: truncated, nested, another version, members that there are not', () => {
      refused(second().text.slice(0, -200), /no JSON/)
      refused('['.repeat(100_000), /nested more than 32 deep/)
      refused('{"published":1}', /no signed record/)
      refused('null', /no signed record/)
      refused(changed(/fractal-record\/4/, 'fractal-record/1'), /of version "fractal-record\/1"/)
      refused(changed(/"netuid":7,/, '"netuid":7,"__proto__":{"a":1},'), /canonical|no member/)
      refused(changed(/"netuid":7,/, '"netuid":7,"netuit":7,'), /netuit/)
      refused(changed(/"netuid":7/, '"netuid":7.5'), /canonical/)
      refused(changed(/"netuid":7/, '"netuid":1e999'), /canonical/)
      refused(changed(/"netuid":7,/, '"netuid":7, '), /canonical/)
      refused(changed(/"netuid":7,/, '"netuid":8,"netuid":7,'), /canonical/)
      refused(changed(/"netuid":7/, '"netuid":-7'), /netuid/)
    })

    it('columns that do not belong together', () => {
      refused(changed(/"prover":\[\d+/, '"prover":[99'), /column prover has no value 99/)
      refused(changed(/"prover":\[\d+,/, '"prover":['), /column prover has \d+ rows/)
      refused(changed(/"trace_root":"..../, '"trace_root":"'), /trace_root has \d+ bytes/)
    })

    const unsigned = async (text: string) =>
      assert.rejects(sentences([text]), { code: 'bad_record', message: /is not signed by 5/ })

    it('one whose verdict, draw, prover or order was changed after it was signed', async () => {
      await unsigned(changed(/"score_after":\d+/, '"score_after":12345'))
      await unsigned(changed(/"verdict":"pass"/, '"verdict":"fail"'))
      await unsigned(changed(/"moment_ms":\d+/, '"moment_ms":17'))
      const { opening, ...rest } = second().record
      const { text } = signed(
        { verifier: testSigner('another') },
        { ...rest, opening: opening.slice(1) },
        [],
      )
      await unsigned(text)
      await unsigned(
        signed({ verifier: testSigner('another') }, { ...rest, opening: opening.toReversed() }, [])
          .text,
      )
    })

    it('one that another signed, or of another network', async () => {
      const { record, answers } = second()
      const another = testSigner('another')
      await unsigned(signed({ verifier: another }, record, answers).text)
      const options = { ...OPTIONS, verifier: another.ss58, netuid: 8 }
      const told = await sentences([second().text], options)
      assert.match(
        told.join('\n'),
        /^verifier says .* but "5.*" follows\nnetuid says 7, but 8 follows$/,
      )
      // Signed whole by another: it is not the one that signed the record before.
      const taken = signed({ verifier: another }, { ...record, verifier: another.ss58 }, answers)
      const [first] = texts(honest)
      assert.match((await sentences([first!, taken.text])).join('\n'), /verifier says/)
    })

    it('records in another order, and two for one interval', async () => {
      const [a, b, c] = texts(honest)
      assert.match((await sentences([a!, c!])).join('\n'), /interval 2 is hidden/)
      const { record, answers } = second()
      const other = signed(honest, { ...record, openedAfter: null }, answers)
      const [found] = twoForOne([read(b!, 'one'), read(other.text, 'other')].map(namedRecord))
      assert.match(found!.what, /has two records that 5.* signed: .* \(one\) and .* \(other\)/)
      assert.deepEqual(twoForOne([read(b!, 'one'), read(b!, 'a copy')].map(namedRecord)), [])
    })
  })

  describe('catches a verifier that', () => {
    const caught = async (
      change: (record: PublicRecord, answers: RecordedAnswer[]) => void,
      pattern: RegExp,
    ) => assert.match((await lie(change)).join('\n'), pattern)

    /** Changes an answer, and signs a record that follows from it. */
    const withAnswers =
      (change: (answers: RecordedAnswer[], record: PublicRecord) => void) =>
      (record: PublicRecord, answers: RecordedAnswer[]) => {
        change(answers, record)
        record.answers = encodeAnswers(answers, (row) =>
          record.provers.findIndex(({ hotkey }) => hotkey === row.hotkey),
        )
        resettle(record, answers)
      }

    it('shifts one score', async () => {
      await caught((record) => {
        record.settlement!.provers[1]!.scoreAfter += 1
      }, /settlement\.provers 5\w+ score_after says \d+, but \d+ follows/)
    })

    it('sends a vector that does not follow from its scores', async () => {
      await caught((record) => {
        record.weights!.values[0] = 1
      }, /weights says .* follows/)
    })

    it('changes one verdict, and settles by it', async () => {
      await caught(
        withAnswers((answers) => {
          const row = answers.find(({ checks }) => checks.some(({ kind }) => kind === 'challenge'))!
          row.checks = row.checks.filter(({ kind }) => kind !== 'challenge')
        }),
        /is a challenge without a verdict/,
      )
      await caught(
        withAnswers((answers) => {
          answers.find(({ checks }) => checks.length > 0)!.checks[0]!.rewardPpm = 5
        }),
        /reward_ppm says 5/,
      )
      await caught((record) => {
        const { requestId } = record.challenges[0]!
        record.evidence.push({ requestId, kind: 'challenge', sha256: 'ab'.repeat(32) })
      }, /evidence names the challenge of .*, which is no cheat of its own/)
    })

    it('hides an interval', async () => {
      const records = madeRecords(4)
      makeNext(records)
      makeNext(records)
      // As if the second had never been: the third links to the first.
      const [first] = records.made
      makeNext(records, (record) => {
        record.previous = { n: 1, hash: first!.hash }
      })
      const told = await sentences([first!.text, records.made[2]!.text])
      assert.match(
        told.join('\n'),
        /interval 2 is hidden: it has no record, and is not said to have been missed/,
      )
      // Said to have been missed, it did not leave what the third begins with.
      records.made.pop()
      makeNext(records, (record) => {
        record.previous = { n: 1, hash: first!.hash }
        record.missed = [{ n: 2, because: 'verifier_down' }]
      })
      const missed = await sentences([first!.text, records.made[2]!.text])
      assert.match(missed.join('\n'), /standings 5\w+ says/)
    })

    it('asks its friend only', async () => {
      const friend = (record: PublicRecord) => record.opening[0]!
      await caught((record) => {
        for (const item of record.challenges) item.hotkey = friend(record).hotkey
      }, /challenges of round \d+ says/)
      await caught((record) => {
        for (const round of record.wideRounds) {
          round.provers = round.provers.filter(
            ({ prover }) => record.provers[prover]!.hotkey === friend(record).hotkey,
          )
        }
      }, /wide_rounds \d leaves out 5\w+, which had an address/)
      await caught((record) => {
        record.plan!.provers = record.plan!.provers.slice(0, 1)
      }, /plan\.provers says/)
    })

    it('draws again', async () => {
      await caught((record) => {
        const secret = sha256Hex('a luckier one')
        const secretSha256 = sha256Hex(Buffer.from(secret, 'hex'))
        const { verifier, n, netuid } = record
        const text = commitmentText({ genesisHash: GENESIS, netuid, verifier, n, secretSha256 })
        record.secret = secret
        record.commitment = { secretSha256, signature: signText(testSigner('verifier'), text) }
      }, /commitment is to another secret than the one committed to .* it drew again/)
      await caught((record) => {
        record.secret = sha256Hex('a luckier one')
      }, /secret is not the one that was committed to/)
    })

    it('changes a draw: a moment, a request, an audit, a spot check', async () => {
      await caught((record) => {
        record.rounds[0]!.momentMs += 1
      }, /rounds says/)
      await caught((record) => {
        record.challenges[0]!.bodySha256 = 'ee'.repeat(32)
      }, /challenges .* body_sha256 says/)
      await caught(
        withAnswers((answers, record) => {
          const unlucky = answers.find(
            ({ kind, requestId }) =>
              kind !== 'challenge' && !record.audits!.drawn.includes(requestId),
          )!
          record.audits!.drawn = [unlucky.requestId]
        }),
        /audits\.drawn says/,
      )
      await caught(
        withAnswers((answers) => {
          const row = answers.find(({ checks }) => checks.some(({ kind }) => kind === 'spotcheck'))!
          row.checks = row.checks.filter(({ kind }) => kind !== 'spotcheck')
        }),
        /was drawn for a spot check, but has none/,
      )
    })

    it('calls an answer unproven whose class it has a certificate of', async () => {
      await caught(
        withAnswers((answers) => {
          const row = answers.find(({ checks }) => checks.some(({ kind }) => kind === 'spotcheck'))!
          const check = row.checks.find(({ kind }) => kind === 'spotcheck')!
          Object.assign(check, { verdict: 'unproven', reason: 'other_class', rewardPpm: -50_000 })
        }),
        /is of a class with a certificate/,
      )
    })

    it('says that its budget was spent, and spares who was drawn', async () => {
      await caught(
        withAnswers((answers, record) => {
          const row = answers.find(({ checks }) => checks.some(({ kind }) => kind === 'spotcheck'))!
          row.checks = row.checks.filter(({ kind }) => kind !== 'spotcheck')
          const { spotChecks } = record.plan!
          spotChecks.spentUs = spotChecks.budgetUs!
        }),
        /plan\.spot_checks\.spent_us says \d+, but the \d+ spot checks that were made cost \d+ of the \d+/,
      )
    })

    it('has settings that nobody may choose, or a real network refuses', async () => {
      const strict = madeRecords(4, { profile: 'production' })
      makeNext(strict, (record, answers) => {
        const { profile } = record
        record.profile = { ...profile!, tierMinimums: { ...profile!.tierMinimums, silver: 1 } }
        resettle(record, answers)
      })
      assert.match(
        (await sentences(texts(strict))).join('\n'),
        /^profile\.tier_minimums says .*"silver":1.*, but .* follows$/m,
      )
      const [{ record, answers }] = honest.made as [Made]
      const genesisHash = '2f0555cc76fc2840a25a6ea3b9637146806f1f44b090c175ffde2a7e5ab36c03'
      const onFinney = signed(honest, { ...record, genesisHash }, answers)
      assert.match(
        (await sentences([onFinney.text])).join('\n'),
        /^profile\.name says “test”, whose tiers and certificates are scaled down, on finney$/m,
      )
    })

    it('begins with other standings than it ended with, or another window', async () => {
      await caught((record, answers) => {
        record.standings![0]!.totalSuccesses += 10
        resettle(record, answers)
      }, /standings 5\w+ says/)
      await caught((record) => {
        record.window![0]!.counts[0]!.wideKept += 1
      }, /window 1 5\w+ says/)
      await caught((record) => {
        record.plan!.spotChecks.pixels! += 8
      }, /plan\.spot_checks\.pixels says/)
    })

    it('makes up what a prover signed', async () => {
      await caught(
        withAnswers((answers) => {
          answers.find(({ kind }) => kind === 'inference')!.answer!.framesSha256 = 'ee'.repeat(32)
        }),
        /is not signed by its prover/,
      )
    })
  })

  it('has a hash over its record alone', () => {
    const [first] = honest.made as [Made]
    const { record } = JSON.parse(first.text)
    assert.equal(recordHash(canonicalJson(record)), first.hash)
    assert.equal(recordText(first.hash), `fractal-record/1\n${first.hash}`)
  })
})
