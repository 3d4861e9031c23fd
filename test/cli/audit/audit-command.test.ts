import assert from 'node:assert/strict'
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { sr25519Ready } from '../../../base/sr25519.js'
import { compareRecords } from '../../../cli/audit/compare.js'
import { loadRecord } from '../../../cli/audit/load-record.js'
import { type AuditRequest, runAudit } from '../../../cli/audit/run-audit.js'
import { encodeAnswers } from '../../../rules/record/answer-columns.js'
import { testSigner } from '../../chain/keys.js'
import { capturedOutput } from '../../support/captured-output.js'
import {
  type MadeRecords,
  madeRecords,
  makeNext,
  resettle,
  signed,
} from '../../support/records/made-records.js'
import { type RecordApi, serveRecords } from '../../support/records/record-api.js'
import { type CliResult, runCli } from '../run-cli.js'

const NO_CHAIN = {
  targets: [],
  range: null,
  network: null,
  chainOnly: false,
  allSignatures: false,
  verifier: null,
  netuid: null,
  recompute: 0,
  modelDir: undefined,
  device: undefined,
  json: false,
} as const

describe('fractal audit', function () {
  this.timeout(480_000)
  let folder: string
  let honest: MadeRecords
  let api: RecordApi
  before(async () => {
    await sr25519Ready()
    folder = await mkdtemp(join(tmpdir(), 'fractal-audit-'))
    honest = madeRecords(4)
    for (let i = 0; i < 3; i++) makeNext(honest)
    api = await serveRecords(honest.made)
  })
  after(async () => {
    await api?.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** The command itself. */
  const audit = (...args: string[]): Promise<CliResult> =>
    runCli(['audit', ...args], { cwd: folder, env: { NODE_OPTIONS: '--max-old-space-size=400' } })
  /** The same in this process: each start of the command takes longer than all that it does here. */
  const audited = (request: Partial<AuditRequest>) =>
    capturedOutput(() => runAudit({ ...NO_CHAIN, api: api.url, ...request }))
  async function file(name: string, text: string | Uint8Array): Promise<string> {
    const path = join(folder, name)
    await writeFile(path, text)
    return path
  }
  /** One line and no stack, whatever is wrong. */
  function refused({ code, stdout, stderr }: CliResult, pattern: RegExp, expected = 1): void {
    assert.equal(code, expected, `${stdout}\n${stderr}`)
    assert.equal(stdout, '')
    assert.match(stderr, pattern)
    assert.doesNotMatch(stderr, /^\s+at /m)
  }

  it('audits a file, an address, a number and a range, and says so in one sentence', async () => {
    const path = await file('two.json', honest.made[1]!.text)
    const packed = await file('two.json.gz', gzipSync(honest.made[1]!.text))
    const byFile = await audit(path, '--no-chain')
    const sentence =
      /^Interval 2 of 5\w+: every draw, verdict, rate, move, score and weight follows from its record \(\d+ answers, \d+ checks\); the chain was not asked; its settings: profile “test”, which only development networks allow\.\n$/
    assert.equal(byFile.code, 0, byFile.stderr)
    assert.match(byFile.stdout, sentence)
    for (const target of [packed, '2']) {
      const { value, stdout } = await audited({ targets: [target], allSignatures: true })
      assert.equal(value, true)
      assert.match(stdout, sentence)
    }
    const byUrl = await audited({
      targets: [`${api.url}/v1/network/intervals/2/record`],
      json: true,
    })
    const { ok, intervals } = JSON.parse(byUrl.stdout) as { ok: boolean; intervals: object[] }
    assert.deepEqual([ok, intervals.length], [true, 1])
    const weights = await audited({ targets: ['2'], chainOnly: true })
    assert.match(
      weights.stdout,
      /^Interval 2 of 5\w+: only the weights were compared with the scores in its record; /,
    )
    const byRange = await audited({ range: { from: 1, to: 3 } })
    assert.match(byRange.stdout, /^Intervals 1 to 3 of 5\w+: .* follows from their 3 records/)
    const inAnyOrder = await audited({ targets: ['3', path, '1'] })
    assert.match(inAnyOrder.stdout, /^Intervals 1 to 3 of 5\w+: .* follows from their 3 records/)
    const more = await audited({ range: { from: 2, to: 5 } })
    assert.match(
      more.stdout,
      /; no record of 4-5, of which no other here says why; the chain was not asked; its settings: profile “test”, which only development networks allow\.\n$/,
    )
    await assert.rejects(audited({ range: { from: 8, to: 9 } }), { code: 'interval_not_found' })
  })

  it('takes an API for its newest record, and says of a range what is not public yet', async () => {
    api.withheld.add(3)
    const newest = await audited({ targets: [api.url] })
    const range = await audited({ range: { from: 1, to: 6 } })
    const early = audited({ range: { from: 3, to: 3 } })
    await assert.rejects(early, { code: 'record_not_public' })
    api.withheld.clear()
    assert.match(newest.stdout, /^Interval 2 of 5/)
    assert.match(
      range.stdout,
      /^Intervals 1 to 2 of 5.*; no record of 4-6, of which no other here says why; the record of 3 is not public yet; /,
    )
    const empty = await serveRecords()
    await assert.rejects(audited({ targets: [`${empty.url}/`] }), { code: 'record_not_public' })
    await empty.close()
    await assert.rejects(audited({ targets: [`${empty.url}/`] }), { code: 'api_unreachable' })
  })

  it('says what differs and where, with exit status 1; also that one of a range is hidden', async () => {
    const lying = { ...honest, made: honest.made.slice(0, 1) }
    const made = makeNext(lying, (record) => {
      record.settlement!.provers[0]!.scoreAfter += 1
    })
    api.hidden.add(2)
    const one = await audit(await file('lie.json', made.text), '--no-chain')
    const hidden = await audited({ range: { from: 1, to: 3 } })
    api.hidden.clear()
    assert.deepEqual([one.code, one.stderr], [1, ''])
    assert.match(one.stdout, /^interval 2: settlement\.provers 5\w+ score_after says/)
    assert.match(one.stdout, /\d things? do(es)? not follow\.\n$/)
    assert.equal(hidden.value, false)
    assert.match(hidden.stdout, /interval 3: interval 2 is hidden/)
  })

  it('tells whom two verifiers judged differently, on what evidence', async () => {
    const other = { ...madeRecords(4), verifier: testSigner('another verifier') }
    const accused = other.provers[2]!.ss58
    const sha256 = 'ab'.repeat(32)
    const made = makeNext(other, (record, answers) => {
      const isChecked = ({ kind }: { kind: string }) => kind === 'spotcheck'
      const row = answers.find(
        ({ hotkey, checks }) => hotkey === accused && checks.some(isChecked),
      )!
      const cheat = { verdict: 'cheat', reason: 'step_differs', rewardPpm: -10_000 } as const
      row.checks = row.checks.map((check) => (isChecked(check) ? { ...check, ...cheat } : check))
      record.answers = encodeAnswers(answers, ({ hotkey }) =>
        record.provers.findIndex((prover) => prover.hotkey === hotkey),
      )
      record.evidence.push({ requestId: row.requestId, kind: 'spotcheck', sha256 })
      resettle(record, answers)
    })
    const [a, b] = [`${api.url}/v1/network/intervals/1/record`, await file('other.json', made.text)]
    const compared = (one: string, another: string, json = false) =>
      capturedOutput(() => compareRecords({ a: one, b: another, api: api.url, json }))
    const agreeing = makeNext({ ...other, made: [] })
    const same = await compared(a, await file('same.json', agreeing.text))
    assert.equal(same.value, true)
    assert.match(
      same.stdout,
      /^4 provers were judged by both verifiers \(5\w+… interval 1 and 5\w+… interval 1\), and none of them differently\.\n$/,
    )
    const different = await audit('--compare', a, b)
    assert.equal(different.code, 1, different.stderr)
    assert.match(
      different.stdout,
      new RegExp(
        `^${accused}\n  5\\w+… interval 1: silver.*\n  5\\w+… interval 1: bronze.*1 cheats: spotcheck cheat \\(step_differs\\) \\S+ evidence ${sha256}\n1 of 4 provers`,
      ),
    )
    const json = await compared(a, b, true)
    const told = JSON.parse(json.stdout) as { different: { hotkey: string }[] }
    assert.deepEqual(
      told.different.map(({ hotkey }) => hotkey),
      [accused],
    )
    const its = await serveRecords([agreeing])
    const newest = await compared(api.url, its.url)
    await its.close()
    assert.match(newest.stdout, /^4 provers .*… interval 3 and 5\w+… interval 1\)/)
    await assert.rejects(compared(a, `${api.url}/v1/network/intervals/2/record`), {
      code: 'not_comparable',
      message: /Both records are of the verifier 5/,
    })
  })

  it('refuses two records for one number, another verifier’s and another network’s', async () => {
    const { record, answers } = honest.made[1]!
    const twice = signed(honest, { ...record, openedAfter: null }, answers)
    const elsewhere = signed(honest, { ...record, genesisHash: '22'.repeat(32) }, answers)
    const [one, two] = [
      await file('a.json', honest.made[1]!.text),
      await file('b.json', twice.text),
    ]
    refused(
      await audit(one, two, '--no-chain'),
      /interval 2 has two records that 5\w+ signed.*Keep both files/s,
    )
    const whose = await audited({ targets: ['2'], verifier: testSigner('x').ss58, netuid: 8 })
    assert.equal(whose.value, false)
    assert.match(whose.stdout, /verifier says .*\ninterval 2: netuid says 7, but 8 follows/)
    const network = await audited({
      targets: ['1', await file('c.json', elsewhere.text)],
      json: true,
    })
    const { ok, findings } = JSON.parse(network.stdout) as {
      ok: boolean
      findings: { n: number; where: string; what: string }[]
    }
    const [found] = findings.filter(({ where }) => where === 'genesis_hash')
    assert.deepEqual([ok, found?.n], [false, 2])
    assert.match(found!.what, /^says "2222/)
  })

  it('refuses another interval’s record under a number', async () => {
    api.texts.set(2, honest.made[0]!.text)
    await assert.rejects(audited({ targets: ['2'] }), { message: /is of interval 1, not of 2/ })
    api.texts.clear()
  })

  it('refuses what is no record, and stays small and quiet whatever it is', async () => {
    const { text } = honest.made[1]!
    const huge = await file('huge.json', '')
    await truncate(huge, 200 * 1024 * 1024)
    const bomb = await file('bomb.json.gz', gzipSync(Buffer.alloc(200 * 1024 * 1024, 0x20)))
    const cases: [string, RegExp][] = [
      [huge, /has more than 64 MiB/],
      [bomb, /has more than 64 MiB/],
      [await file('lists.json', `[${'[],'.repeat(20_000_000)}[]]`), /more than any record/],
      [await file('numbers.json', `[${'1,'.repeat(20_000_000)}1]`), /more than any record/],
      [await file('number.json', '9'.repeat(30_000_000)), /is no signed record|canonical/],
      [await file('deep.json', '['.repeat(1_000_000)), /nested more than 32 deep/],
      [await file('cut.json', text.slice(0, -300)), /no JSON/],
      [await file('cut.json.gz', gzipSync(text).subarray(0, 500)), /unexpected end of file/],
      [await file('binary.json', Buffer.from([0xff, 0xfe, 0x00])), /no UTF-8/],
      [
        await file('proto.json', text.replace('"netuid"', '"__proto__":{"a":1},"netuid"')),
        /canonical|no member/,
      ],
      [await file('twice.json', text.replace('"netuid":7', '"netuid":7,"netuid":7')), /canonical/],
      [
        await file('old.json', text.replace('fractal-record/4', 'fractal-record/1')),
        /of version "fractal-record\/1"/,
      ],
      [join(folder, 'none.json'), /ENOENT/],
    ]
    for (const [path, pattern] of cases) {
      // In this process: each start of the command takes longer than all of them.
      await assert.rejects(loadRecord(path), (error: Error) => {
        assert.match(error.message, pattern)
        return true
      })
    }
    // What could fill a memory, in one of 400 MB.
    refused(await audit(join(folder, 'lists.json'), '--no-chain'), /more than any record/)
  })

  it('refuses what an address answers, bounded too', async () => {
    const answers: [number, string | Buffer, RegExp][] = [
      [200, '<html>', /is no JSON/],
      [500, 'x'.repeat(1_000_000), /HTTP 500/],
      [404, '{"code":"usage","detail":"gone"}', /gone/],
      [302, '', /unexpected redirect/],
    ]
    let next = answers[0]!
    const server = createServer((_req, res) => {
      res
        .writeHead(next[0], next[0] === 302 ? { Location: 'http://127.0.0.1:1/' } : {})
        .end(next[1])
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/record`
    try {
      for (next of answers) await assert.rejects(loadRecord(url), { message: next[2] })
    } finally {
      server.close()
    }
    await assert.rejects(loadRecord(url), { code: 'record_unreadable' })
  })

  it('explains wrong usage, with exit status 2', async () => {
    const cases: [string[], RegExp][] = [
      [[], /Name a record/],
      [['1', '--from', '1', '--to', '2'], /not both/],
      [['--follow', '1'], /leave the records out/],
    ]
    for (const [args, pattern] of cases) refused(await audit(...args), pattern, 2)
  })
})
