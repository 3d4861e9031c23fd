import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { readTarGzEntry, readZipEntry } from '../../../dev/setup/archives.mjs'
import { download } from '../../../dev/setup/download.mjs'
import { serving } from '../../wire/stub-prover.js'

const MAX = 100_000

interface Entry {
  name: string
  bytes: Buffer
  deflate: boolean
}

/** A ZIP as written by a stream: sizes only in the directory, an extra field in each local header. */
function zipOf(entries: Entry[], comment = ''): Buffer {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let at = 0
  for (const { name, bytes, deflate } of entries) {
    const packed = deflate ? deflateRawSync(bytes) : bytes
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50, 0)
    local.writeUInt16LE(name.length, 26)
    local.writeUInt16LE(4, 28)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(deflate ? 8 : 0, 10)
    entry.writeUInt32LE(packed.length, 20)
    entry.writeUInt32LE(bytes.length, 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt16LE(2, 30)
    entry.writeUInt32LE(at, 42)
    directory.push(entry, Buffer.from(name), Buffer.from('xx'))
    const whole = Buffer.concat([local, Buffer.from(name), Buffer.from('abcd'), packed])
    parts.push(whole)
    at += whole.length
  }
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(at, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([...parts, ...directory, end, Buffer.from(comment)])
}

function tarEntry(name: string, bytes: Buffer, type = '0'): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write(type, 156)
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)])
}

describe('archives without a dependency', () => {
  const program = Buffer.from('program '.repeat(1000))

  it('reads stored and deflated files of a ZIP, found by name', () => {
    const zip = zipOf(
      [
        { name: 'a/METADATA', bytes: Buffer.from('meta'), deflate: false },
        { name: 'a.data/scripts/temporal', bytes: program, deflate: true },
      ],
      'a comment at the end',
    )
    assert.deepEqual(
      readZipEntry(zip, (name) => name.endsWith('/scripts/temporal'), MAX),
      program,
    )
    assert.equal(String(readZipEntry(zip, (name) => name === 'a/METADATA', MAX)), 'meta')
    assert.equal(
      readZipEntry(zip, () => false, MAX),
      null,
    )
  })

  it('refuses what is not a ZIP, and one whose sizes do not hold', () => {
    assert.throws(() => readZipEntry(Buffer.alloc(100), () => true, MAX), /not a ZIP/)
    const zip = zipOf([{ name: 'temporal', bytes: program, deflate: true }])
    zip.writeUInt32LE(program.length - 1, zip.indexOf(Buffer.from('PK\x01\x02', 'latin1')) + 24)
    assert.throws(() => readZipEntry(zip, () => true, MAX))
  })

  it('reads a file of a gzipped tar and refuses a cut one', () => {
    const tar = Buffer.concat([
      tarEntry('LICENSE', Buffer.from('MIT')),
      tarEntry('temporal/', Buffer.alloc(0), '5'),
      tarEntry('./temporal', program),
      Buffer.alloc(1024),
    ])
    assert.deepEqual(readTarGzEntry(gzipSync(tar), 'temporal', MAX), program)
    assert.equal(readTarGzEntry(gzipSync(tar), 'other', MAX), null)
    assert.throws(
      () => readTarGzEntry(gzipSync(tar.subarray(0, 3000)), 'temporal', MAX),
      /truncated/,
    )
  })
  it('unpacks no more than it is told to', () => {
    const zip = zipOf([{ name: 'temporal', bytes: program, deflate: true }])
    assert.throws(() => readZipEntry(zip, () => true, program.length - 1), /more than 7999 bytes/)
    const bomb = gzipSync(tarEntry('temporal', Buffer.alloc(10_000_000)))
    assert.throws(() => readTarGzEntry(bomb, 'temporal', 1_000_000), {
      code: 'ERR_BUFFER_TOO_LARGE',
    })
  })
})

describe('a download', () => {
  const taken = (listener: RequestListener) =>
    serving(listener, ({ ip, port }) => download(`http://${ip}:${port}/`, 1000, () => {}))

  it('is taken whole, up to its bound', async () => {
    assert.equal((await taken((_, res) => res.end(Buffer.alloc(1000)))).length, 1000)
    await assert.rejects(
      taken((_, res) => res.writeHead(404).end()),
      /HTTP 404/,
    )
  })

  it('is given up beyond its bound, announced or not', async () => {
    await assert.rejects(
      taken((_, res) => {
        res.writeHead(200, { 'Content-Length': '1001' })
        res.write('x')
      }),
      /more than 1000 bytes/,
    )
    await assert.rejects(
      taken((_, res) => {
        const more = () => {
          while (!res.destroyed && res.write(Buffer.alloc(10_000)));
        }
        res.on('drain', more)
        more()
      }),
      /more than 1000 bytes/,
    )
  })
})
