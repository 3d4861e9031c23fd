import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string) => readFileSync(path.join(root, name), 'utf8')

interface Workflow {
  jobs: Record<string, { strategy: { matrix: { node: string[] } }; steps: { run?: string }[] }>
}

interface IssueForm {
  name: string
  description: string
  body: { type: string; id?: string; attributes: Record<string, unknown> }[]
}

describe('what GitHub reads', () => {
  it('runs .ci/run on the Node of .nvmrc, and on the oldest that package.json allows', () => {
    const { jobs } = parse(read('.github/workflows/ci.yml')) as Workflow
    const { strategy, steps } = jobs.ci!
    assert.ok(steps.some(({ run }) => run === 'bash .ci/run'))
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } }
    assert.deepEqual(strategy.matrix.node, [read('.nvmrc').trim(), engines.node.replace(/^>=/, '')])
  })

  it('has issue forms that it can show', () => {
    const folder = '.github/ISSUE_TEMPLATE'
    const names = readdirSync(path.join(root, folder)).filter((name) => name !== 'config.yml')
    assert.ok(names.length > 0)
    for (const name of names) {
      const form = parse(read(`${folder}/${name}`)) as IssueForm
      assert.ok(form.name && form.description, `${name}: name and description`)
      const ids = form.body.flatMap(({ id }) => id ?? [])
      assert.equal(new Set(ids).size, ids.length, `${name}: an id once`)
      for (const { type, id, attributes } of form.body) {
        assert.match(type, /^(markdown|textarea|input|dropdown|checkboxes)$/, name)
        if (type === 'markdown') assert.ok(attributes.value, `${name}: a text`)
        else assert.ok(id && attributes.label, `${name}: ${id} has a label`)
      }
      for (const [, file] of read(`${folder}/${name}`).matchAll(/blob\/main\/([^)]+)\)/g)) {
        assert.ok(existsSync(path.join(root, file!)), `${name} links ${file}`)
      }
    }
  })

  it('names owners of folders that are there, consensus first of all', () => {
    const rules = read('.github/CODEOWNERS')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(/ +/))
    for (const [folder, ...owners] of rules) {
      assert.ok(existsSync(path.join(root, folder!)), `${folder} is not there`)
      assert.ok(owners.length > 0, `${folder} has no owner`)
    }
    const folders = rules.map(([folder]) => folder)
    for (const room of ['/rules/', '/formats/', '/engine/']) assert.ok(folders.includes(room), room)
  })

  it('updates the packages of every kind that is here', () => {
    const { updates } = parse(read('.github/dependabot.yml')) as {
      updates: { 'package-ecosystem': string }[]
    }
    assert.deepEqual(updates.map((update) => update['package-ecosystem']).sort(), [
      'docker',
      'github-actions',
      'npm',
    ])
  })
})

describe('documents of the repository', () => {
  it('link files that are there', () => {
    const docs = readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    const files = [
      ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
      ...docs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`),
    ]
    for (const file of files) {
      for (const [, target] of read(file).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
        if (/^[a-z]+:/.test(target!)) continue
        const at = path.join(root, path.dirname(file), target!)
        assert.ok(existsSync(at), `${file} links ${target}, which is not there`)
      }
    }
  })
})
