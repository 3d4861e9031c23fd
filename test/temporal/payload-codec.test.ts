import assert from 'node:assert/strict'
import { randomBytes, randomUUID } from 'node:crypto'
import { Client, WorkflowFailedError } from '@temporalio/client'
import { ApplicationFailure, type Payload, rootCause } from '@temporalio/common'
import { defaultPayloadConverter } from '@temporalio/common/lib/converter/payload-converter.js'
import { Worker } from '@temporalio/worker'
import { FractalError } from '../../base/errors.js'
import { createLog } from '../../base/log.js'
import { TEMPORAL_OPTIONS } from '../../base/options/groups.js'
import { resolveOptions } from '../../base/options/options.js'
import { parsePayloadKeys } from '../../base/options/payload-keys.js'
import { getJob } from '../../ledger/requests/jobs.js'
import { connectTemporal, type TemporalLink } from '../../temporal/connection.js'
import { EncryptingCodec } from '../../temporal/payload-codec.js'
import { registerSearchAttributes } from '../../temporal/register-search-attributes.js'
import { resetInterval } from '../../temporal/reset-interval.js'
import { workflowBundle } from '../../temporal/workflow-bundle.js'
import { intervalWorkflowId } from '../../temporal/workflow-ids.js'
import type { verifyInterval } from '../../workflows/verify-interval.js'
import { useDatabase } from '../support/postgres.js'
import { SmallGrid } from '../support/small-grid.js'
import { makeNamespace, useTemporal } from '../support/temporal.js'
import { until } from '../support/until.js'

const OLD = randomBytes(32).toString('hex')
const NEW = randomBytes(32).toString('base64')
const log = createLog('test', 'silent')

const codec = (...keys: string[]) => new EncryptingCodec(parsePayloadKeys(keys.join('\n'))!)
const payload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value)!
const plainOf = (given: Payload) => defaultPayloadConverter.fromPayload(given)
const encodingOf = (given: Payload) => Buffer.from(given.metadata!.encoding!).toString()

describe('the payload codec', () => {
  it('encrypts each payload separately, names the key, and gives back what it was given', async () => {
    const { encode, decode } = { encode: codec(NEW), decode: codec(NEW) }
    const values = [{ a: 'plain text' }, 'x', null, new Uint8Array([1, 2])]
    const sealed = await encode.encode(values.map(payload))
    for (const each of sealed) {
      assert.equal(encodingOf(each), 'binary/encrypted')
      assert.match(Buffer.from(each.metadata!['encryption-key-id']!).toString(), /^[0-9a-f]{16}$/)
      assert.doesNotMatch(Buffer.from(each.data!).toString('latin1'), /plain|json/)
    }
    assert.notDeepEqual((await encode.encode([payload('x')]))[0]!.data, sealed[1]!.data)
    assert.deepEqual((await decode.decode(sealed)).map(plainOf), values)
    const nothing = new EncryptingCodec([])
    assert.deepEqual((await nothing.encode([payload('x')])).map(plainOf), ['x'])
  })

  it('reads what any of its keys encrypted, and what was stored in the open', async () => {
    const before = await codec(OLD).encode([payload('before')])
    const after = await codec(NEW, OLD).encode([payload('after')])
    const all = [...before, ...after, payload('open')]
    for (const keys of [
      [NEW, OLD],
      [OLD, NEW],
    ]) {
      assert.deepEqual((await codec(...keys).decode(all)).map(plainOf), ['before', 'after', 'open'])
    }
    // The first of the two encrypted it: who has that one alone can read it.
    assert.deepEqual((await codec(NEW).decode(after)).map(plainOf), ['after'])
  })

  it('says which key is missing, and that something was changed', async () => {
    const [sealed] = await codec(OLD).encode([payload('x')])
    const { id } = parsePayloadKeys(OLD)![0]!
    const failing = (code: string, says: RegExp) => (error: unknown) =>
      error instanceof FractalError && error.code === code && says.test(error.message)
    for (const other of [codec(NEW), new EncryptingCodec([])]) {
      await assert.rejects(other.decode([sealed!]), failing('payload_key_missing', new RegExp(id)))
    }
    for (const changed of [0, 20, sealed!.data!.length - 1]) {
      const data = Uint8Array.from(sealed!.data!)
      data[changed]! ^= 1
      const damaged = codec(OLD).decode([{ ...sealed, data }])
      await assert.rejects(damaged, failing('payload_damaged', /changed/))
    }
    const short = codec(OLD).decode([{ ...sealed, data: new Uint8Array(3) }])
    await assert.rejects(short, failing('payload_damaged', /changed/))
  })

  it('takes keys as files have them', () => {
    assert.equal(parsePayloadKeys(`# now\n${NEW}\n\n# until June\n${OLD}\n`)?.length, 2)
    assert.equal(parsePayloadKeys(`${NEW},${OLD}`)?.length, 2)
    const same = Buffer.from(OLD, 'hex').toString('base64')
    assert.deepEqual(parsePayloadKeys(same), parsePayloadKeys(OLD))
    for (const bad of ['', '# none', 'short', `${OLD}0`, `${OLD}\n${same}`, `${NEW}\nx`]) {
      assert.equal(parsePayloadKeys(bad), null, bad)
    }
    assert.throws(
      () => resolveOptions(TEMPORAL_OPTIONS, { 'temporal.payload_key': 'secret' }, {}),
      (error) => error instanceof FractalError && !/secret/.test(`${error.message}${error.hint}`),
    )
  })
})

/**
 * Every payload in what Temporal stores of a workflow, but search attributes, which it has to read, and the
 * markers of patches, which its SDK writes: the names of ours, in this code for everybody to read.
 */
function* payloadsIn(part: unknown): Generator<Payload> {
  if (typeof part !== 'object' || part === null || part instanceof Uint8Array) return
  if ('markerName' in part && part.markerName === 'core_patch') return
  if ('metadata' in part && 'data' in part) yield part as Payload
  for (const [name, member] of Object.entries(part)) {
    if (name !== 'searchAttributes') yield* payloadsIn(member)
  }
}

/** All bytes and texts of it. */
function textOf(part: unknown): string {
  if (part instanceof Uint8Array) return Buffer.from(part).toString('latin1')
  if (typeof part !== 'object' || part === null) return String(part)
  return Object.values(part).map(textOf).join('\n')
}

describe('what Temporal stores', function () {
  this.timeout(240_000)
  let grid: SmallGrid | undefined
  const links: TemporalLink[] = []
  const workers: { worker: Worker; run: Promise<void> }[] = []
  // First: Mocha runs these in the order of their registration, and the grid goes before its stores.
  after(async () => {
    await grid?.stop()
    for (const { worker } of workers) if (worker.getState() === 'RUNNING') worker.shutdown()
    await Promise.allSettled(workers.map(({ run }) => run))
    await Promise.all(links.map((link) => link.close()))
  })
  const database = useDatabase()
  const temporal = useTemporal()

  /** As it is stored: by a client without any key. */
  async function stored(namespace: string, workflowId: string) {
    const client = new Client({ connection: temporal().client.connection, namespace })
    const { events } = await client.workflow.getHandle(workflowId).fetchHistory()
    return events!
  }

  async function assertEncrypted(namespace: string, workflowId: string, least: number) {
    const events = await stored(namespace, workflowId)
    const found = [...payloadsIn(events)]
    assert.ok(found.length >= least, `${found.length} payloads`)
    for (const each of found) assert.equal(encodingOf(each), 'binary/encrypted')
    return textOf(events)
  }

  it('of a user’s video is encrypted', async () => {
    const keys = { 'temporal.payload_key': NEW }
    const small = { direct: false, provers: 1, apiOptions: keys, workerOptions: keys }
    grid = await SmallGrid.start(small, database(), temporal())
    const res = await grid.post('/v1/videos', { prompt: 'a red ball' })
    const { id } = (await res.json()) as { id: string }
    await until('its end', async () => (await getJob(grid!.db, id))!.status === 'completed')
    await until('its workflow’s', async () => (await grid!.workflowOf(id)) === 'COMPLETED')
    const { namespace } = grid.client.options
    await assertEncrypted(namespace, `video-${id}`, 4)
    const page = await grid.fetch(`/v1/videos/${id}`)
    assert.equal(((await page.json()) as { status: string }).status, 'completed')
  })

  function connect(namespace: string, keys: string | undefined): Promise<TemporalLink> {
    const given = {
      'temporal.address': temporal().address,
      'temporal.namespace': namespace,
      ...(keys === undefined ? {} : { 'temporal.payload_key': keys }),
    }
    return connectTemporal(resolveOptions(TEMPORAL_OPTIONS, given, {}), log)
  }

  /** A verifier's worker whose activities do nothing but what `settleInterval` does. */
  async function startVerifier(
    namespace: string,
    keys: string | undefined,
    settleInterval: () => Promise<{ line: string; phase: 'settled' }>,
  ): Promise<TemporalLink> {
    const link = await connect(namespace, keys)
    links.push(link)
    await registerSearchAttributes(link.client, namespace)
    const worker = await Worker.create({
      connection: link.worker,
      namespace,
      dataConverter: link.dataConverter,
      taskQueue: 'verifier',
      workflowBundle: await workflowBundle(log, link.dataConverter),
      activities: {
        openInterval: async () => {
          const rounds = [
            { kind: 'challenge', round: 0, dueInMs: 1 },
            { kind: 'wide', round: 0, dueInMs: 1 },
          ]
          return { final: null, provers: 3, reachable: 2, rounds }
        },
        awaitBlock: async () => undefined,
        askRound: async () => ({ nextMoment: null }),
        askWide: async () => ({ provers: 3, requests: 6 }),
        recompute: async () => undefined,
        judge: async () => ({ pass: 2, cheat: 0, fail: 0, unproven: 0, abstained: 0 }),
        fetchOpenings: async () => ({ waiting: 0, over: true }),
        closeInterval: async () => ({ count: 0 }),
        awaitTurn: async () => undefined,
        settleInterval,
        signRecord: async () => undefined,
        noteFailure: async () => undefined,
      },
    })
    workers.push({ worker, run: worker.run() })
    return link
  }

  async function stopVerifier(): Promise<void> {
    const { worker, run } = workers.pop()!
    worker.shutdown()
    await run
  }

  async function start(link: TemporalLink) {
    const verifier = randomUUID()
    const handle = await link.client.workflow.start<typeof verifyInterval>('verifyInterval', {
      workflowId: intervalWorkflowId(1, verifier, 1),
      taskQueue: 'verifier',
      staticSummary: 'marked summary',
      args: [
        {
          ...{ netuid: 1, verifier, n: 1, firstBlock: 1, length: 2, setWeights: false },
          ...{
            inferenceQueue: 'verifier',
            gpuQueue: 'verifier',
            ledgerPatienceSeconds: 1,
            auditPatienceSeconds: 10,
          },
        },
      ],
    })
    return { workflowId: handle.workflowId, verifier, result: () => handle.result() }
  }

  it('of an interval is encrypted: inputs, results, summaries, what failed and why', async () => {
    const namespace = await makeNamespace(temporal())
    const link = await startVerifier(namespace, OLD, async () => {
      throw ApplicationFailure.nonRetryable('marked reason', 'marked_type')
    })
    const failed = await start(link)
    await assert.rejects(failed.result(), (error) => {
      assert(error instanceof WorkflowFailedError)
      assert.match(error.cause!.message, /interval 1 failed in settling: marked reason/)
      assert.equal(rootCause(error.cause), 'marked reason')
      return true
    })
    const text = await assertEncrypted(namespace, failed.workflowId, 12)
    // Types stay in the open: retries, and the list of what failed, go by them.
    assert.ok(/Encoded failure/.test(text) && /marked_type/.test(text))
    const open = text.replaceAll('marked_type', '').match(/.*(marked|failed in|\.ts:\d).*/)
    assert.equal(open?.[0], undefined)

    // With a new key before the old one: both read, and what is stored from now on is of the new one.
    await stopVerifier()
    const rotated = await startVerifier(namespace, `${NEW}\n${OLD}`, async () => ({
      line: 'marked line',
      phase: 'settled',
    }))
    const again = rotated.client.workflow.getHandle<typeof verifyInterval>(failed.workflowId)
    const how = { n: 1, reason: 'mended', running: false, completed: false }
    await resetInterval(rotated.client, { netuid: 1, verifier: failed.verifier }, how)
    assert.deepEqual(await again.result(), { n: 1, phase: 'settled', weights: 'disabled' })
    const ids = new Set(
      [...payloadsIn(await stored(namespace, failed.workflowId))].map((each) =>
        Buffer.from(each.metadata!['encryption-key-id']!).toString(),
      ),
    )
    assert.deepEqual(ids, new Set([NEW, OLD].map((key) => parsePayloadKeys(key)![0]!.id)))
  })

  it('is no use to a process without the key: its tasks say so, and it does not even start', async () => {
    const namespace = await makeNamespace(temporal())
    const settle = async () => ({ line: 'settled', phase: 'settled' as const })
    const withKey = await startVerifier(namespace, NEW, settle)
    await stopVerifier()
    const handle = await start(withKey)
    await startVerifier(namespace, undefined, settle)
    const missing = /encrypted with the key \w+, which this process does not have/
    await until('its words', async () =>
      missing.test(textOf(await stored(namespace, handle.workflowId))),
    )
    await stopVerifier()
    await withKey.client.workflow.start('intervalLoop', {
      workflowId: 'interval-loop',
      taskQueue: 'nobody',
      staticSummary: 'a summary',
    })
    // Temporal's list of workflows is a moment late.
    await until('a refusal', () =>
      connect(namespace, undefined).then(
        (link) => link.close(),
        (error) => {
          assert(error instanceof FractalError && error.code === 'payload_key_missing')
          assert.match(`${error.message} ${error.hint}`, /does not have.*payload_key_file/)
          return true
        },
      ),
    )
    await (await connect(namespace, `${OLD}\n${NEW}`)).close()
  })
})
