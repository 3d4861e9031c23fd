import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { captionFormat, readCaptions } from '../../../cli/prompts/captions.js'
import { UsageError } from '../../../cli/usage-error.js'
import { runCli } from '../run-cli.js'

describe('fractal prompts', function () {
  this.timeout(240_000)
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-prompts-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('makes one file of prompts from captions in several formats', async () => {
    const files = {
      'a.txt': `A  cat\tsleeps \n\nA dog runs.\n${'x'.repeat(102_401)}\n`,
      'b.csv': 'id,caption\r\n1,"A cat, ""big"",\nsits"\r\n2,A dog runs.\r\n3,\r\n',
      'c.jsonl': '{"caption":"ünïcode 🦊"}\n"A cat sleeps"\n',
    }
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(folder, name), content)
    }
    const out = join(folder, 'prompts.txt')
    const paths = Object.keys(files).map((name) => join(folder, name))
    const { code, stdout, stderr } = await runCli(['prompts', ...paths, '--out', out, '--json'])
    assert.equal(code, 0, stderr)
    assert.deepEqual(JSON.parse(stdout), {
      ...{ out, captions: 10, prompts: 4, repeated: 2, empty: 3, refused: 1 },
    })
    assert.equal(
      await readFile(out, 'utf8'),
      'A cat sleeps\nA dog runs.\nA cat, "big", sits\nünïcode 🦊\n',
    )
    const people = await runCli(['prompts', paths[0]!, '--out', out])
    assert.match(people.stdout, /: 2 prompts of 5 captions .*\n.*needs at least 10000\.\n$/)
  })

  it('says what is wrong with a file', async () => {
    const refused = (content: string, format: 'csv' | 'jsonl', message: RegExp) =>
      assert.throws(
        () => readCaptions(content, format, 'caption'),
        (error: Error) => error instanceof UsageError && message.test(error.message),
      )
    refused('id,text\n1,x\n', 'csv', /header has no "caption"/)
    refused('caption\n"x', 'csv', /does not end/)
    refused('{"text":"x"}\n', 'jsonl', /Line 1 has no text under "caption"/)
    refused('"x"\n{', 'jsonl', /Line 2 is no JSON/)
    const { code, stderr } = await runCli(['prompts', join(folder, 'none'), '--out', 'x'])
    assert.equal(code, 2)
    assert.match(stderr, /can't be read as UTF-8 text/)
  })

  it('knows formats by their names', () => {
    const names = ['a.csv', 'a.TSV', 'a.jsonl', 'a.ndjson', 'a.txt', 'a']
    assert.deepEqual(names.map(captionFormat), ['csv', 'tsv', 'jsonl', 'jsonl', 'text', 'text'])
    assert.deepEqual(readCaptions('x\tcaption\n1\ta "b" c\n', 'tsv', 'caption'), ['a "b" c'])
  })
})
