import { UsageError } from '../usage-error.js'

export const CAPTION_FORMATS = ['text', 'csv', 'tsv', 'jsonl'] as const
export type CaptionFormat = (typeof CAPTION_FORMATS)[number]

/** By its name: .csv, .tsv, .jsonl (or .ndjson); anything else is text. */
export function captionFormat(file: string): CaptionFormat {
  const extension = /\.([a-z]+)$/i.exec(file)?.[1]?.toLowerCase()
  if (extension === 'ndjson') return 'jsonl'
  return CAPTION_FORMATS.find((format) => format === extension) ?? 'text'
}

/**
 * The captions in a file, as they stand there.
 * @param column of a CSV or TSV file with a header, or the member of JSON objects
 * @throws UsageError where it is not of that format, or has no such column
 */
export function readCaptions(content: string, format: CaptionFormat, column: string): string[] {
  switch (format) {
    case 'text':
      return content.split('\n')
    case 'jsonl':
      return jsonCaptions(content, column)
    case 'csv':
      return columnOf(table(content, ','), column)
    case 'tsv':
      return columnOf(table(content, '\t'), column)
  }
}

function jsonCaptions(content: string, column: string): string[] {
  return content.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return []
    const value = parsed(line, i + 1)
    const caption = typeof value === 'object' && value !== null ? Reflect.get(value, column) : value
    if (typeof caption === 'string') return [caption]
    throw new UsageError(`Line ${i + 1} has no text under ${JSON.stringify(column)}.`, COLUMN_HINT)
  })
}

function parsed(line: string, number: number): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw new UsageError(`Line ${number} is no JSON.`, 'A JSONL file has one JSON value per line.')
  }
}

const COLUMN_HINT = 'Name it with --column.'

function columnOf([header = [], ...rows]: readonly string[][], column: string): string[] {
  const i = header.findIndex((name) => name.trim() === column)
  if (i < 0) {
    throw new UsageError(`The file's header has no ${JSON.stringify(column)}.`, COLUMN_HINT)
  }
  return rows.map((cells) => cells[i] ?? '')
}

/** Rows of cells (RFC 4180): a cell in double quotes may hold separators, line ends and doubled quotes. */
function table(content: string, separator: string): string[][] {
  const rows: string[][] = []
  let cells: string[] = []
  let cell = ''
  let isQuoted = false
  const endCell = () => {
    cells.push(cell)
    cell = ''
  }
  for (let i = 0; i < content.length; i += 1) {
    const char = content[i]!
    if (isQuoted) {
      if (char !== '"') cell += char
      else if (content[i + 1] === '"') {
        cell += '"'
        i += 1
      } else isQuoted = false
    } else if (char === '"' && cell === '') isQuoted = true
    else if (char === separator) endCell()
    else if (char === '\n') {
      endCell()
      rows.push(cells)
      cells = []
    } else if (char !== '\r') cell += char
  }
  if (isQuoted) throw new UsageError('A cell in double quotes does not end.')
  if (cell !== '' || cells.length > 0) {
    endCell()
    rows.push(cells)
  }
  return rows
}
