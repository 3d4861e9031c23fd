import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { z } from 'zod'
import { receiptSchema } from '../../api/videos/receipt-object.js'
import { snakeName } from '../../rules/record/names.js'
import { evidenceSchema } from '../../wire/evidence/evidence-schema.js'

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')

/** Names of the members of all objects that a TypeScript file describes. */
function membersIn(path: string): string[] {
  const names: string[] = []
  const visit = (node: ts.Node): void => {
    const isMember =
      ts.isPropertyAssignment(node) ||
      ts.isShorthandPropertyAssignment(node) ||
      ts.isPropertySignature(node)
    if (isMember && ts.isIdentifier(node.name)) names.push(node.name.text)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest))
  return names
}

/** Names of the members of all objects in a JSON schema. */
function membersOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([key, value]) => [
    ...(key === 'properties' ? Object.keys(value) : []),
    ...membersOf(value),
  ])
}

describe('docs/files.md', () => {
  const [, ...sections] = read('docs/files.md').split(/^## /m)
  const section = (title: string): string =>
    sections.find((text) => text.startsWith(`${title}\n`)) ?? assert.fail(`no section ${title}`)
  const has = (title: string, names: readonly string[]): void => {
    const text = section(title)
    const missing = [...new Set(names)].filter((name) => !text.includes(`\`${name}\``))
    assert.deepEqual(missing, [], `members of ${title} that it does not describe`)
    assert.ok(names.length > 5)
  }

  it('describes each member of a record', () => {
    has('Record', membersIn('cli/audit/record-schema.ts').map(snakeName))
  })

  it('describes each member of evidence and of a receipt', () => {
    has('Evidence', membersOf(z.toJSONSchema(evidenceSchema)))
    has('Receipt', membersOf(z.toJSONSchema(receiptSchema)))
  })

  it('describes each member of audit results', () => {
    has('Audit results', membersIn('formats/audit-results.ts'))
  })
})
