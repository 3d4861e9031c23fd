import { ApiError } from './errors.js'
import { sanitizeName } from './validate.js'

/** One part of a form, as it came. */
export interface FormPart {
  readonly name: string
  /** `type/subtype` in lower case; null where the part names none. */
  readonly type: string | null
  /** As the part names it; null where it names none. */
  readonly charset: string | null
  /** null: no file. Empty: a file input in which nothing was chosen. */
  readonly filename: string | null
  readonly bytes: Buffer
}

const CRLF = Buffer.from('\r\n')
const HEADERS_END = Buffer.from('\r\n\r\n')
/** A boundary has 70 characters at most (RFC 2046, section 5.1.1). */
const BOUNDARY = /;\s*boundary=(?:"([^"\\\r\n]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i
const HEADER = /^([\w!#$%&'*+.^`|~-]+):[ \t]*(.*)$/s
const VALUE = /^\s*([^\s;]+)/
const PARAMETER = /\s*;\s*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/sy
/** Transfer encodings that leave the bytes as they are (RFC 2045, section 6.2). */
const IDENTITY = ['7bit', '8bit', 'binary']

/**
 * The parts of a multipart/form-data body (RFC 7578). Every part is read or refused: parsers of streams skip
 * what they do not know, and a field that is lost makes another video than the one asked for.
 * @param contentType the request's header, which names the boundary
 * @throws ApiError `invalid_multipart`, with the name of the part at fault where it has one;
 * `invalid_request`
 */
export function parseFormParts(
  body: Buffer,
  contentType: string,
  { maxParts }: { maxParts: number },
): FormPart[] {
  const [, quoted, bare] = BOUNDARY.exec(contentType) ?? []
  const boundary = quoted ?? bare
  if (boundary === undefined) throw malformed('its Content-Type names no boundary')
  // So that the first delimiter is like the others.
  const bytes = Buffer.concat([CRLF, body])
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  const parts: FormPart[] = []
  let at = bytes.indexOf(delimiter)
  if (at === -1) throw malformed('it does not contain the boundary that its Content-Type names')
  for (;;) {
    const from = at + delimiter.length
    if (bytes.subarray(from, from + 2).toString('latin1') === '--') return parts
    const which = `part ${parts.length + 1}`
    if (parts.length === maxParts) {
      throw new ApiError('invalid_request', `The form has more than ${maxParts} parts.`, {
        hint: 'Send each field once, and no others.',
      })
    }
    const lineEnd = bytes.indexOf(CRLF, from)
    at = bytes.indexOf(delimiter, from)
    if (at === -1) throw malformed(`it breaks off in ${which}`)
    if (!/^[ \t]*$/.test(bytes.subarray(from, lineEnd).toString('latin1'))) {
      throw malformed(`after the boundary of ${which} the line goes on`)
    }
    // From the line's end, so that a part without any header has an empty one.
    const headersEnd = bytes.indexOf(HEADERS_END, lineEnd)
    if (headersEnd === -1 || headersEnd > at) {
      throw malformed(`${which} has no empty line after its headers`)
    }
    const headers = bytes.subarray(lineEnd + CRLF.length, headersEnd).toString('utf8')
    parts.push(readPart(headers, bytes.subarray(headersEnd + HEADERS_END.length, at), which))
  }
}

function readPart(text: string, bytes: Buffer, which: string): FormPart {
  const headers = readHeaders(text, which)
  const disposition = readValue(headers.get('content-disposition') ?? '')
  const name = disposition?.parameters.get('name')
  if (disposition?.value !== 'form-data' || name === undefined) {
    throw malformed(`${which} has no header Content-Disposition: form-data with a name`)
  }
  const transfer = headers.get('content-transfer-encoding')?.trim().toLowerCase() ?? 'binary'
  if (!IDENTITY.includes(transfer)) {
    throw unreadable(name, 'has a Content-Transfer-Encoding: forms have none.')
  }
  const type = readValue(headers.get('content-type') ?? 'none')
  if (type === null) throw unreadable(name, 'has a Content-Type that cannot be read.')
  const { parameters } = disposition
  return {
    name,
    type: headers.has('content-type') ? type.value : null,
    charset: type.parameters.get('charset')?.toLowerCase() ?? null,
    filename: parameters.get('filename') ?? parameters.get('filename*') ?? null,
    bytes,
  }
}

function readHeaders(text: string, which: string): Map<string, string> {
  const headers = new Map<string, string>()
  const lines = text.replace(/\r\n[ \t]+/g, ' ').split('\r\n')
  for (const line of lines.filter((each) => each !== '')) {
    const [, name, value] = HEADER.exec(line) ?? []
    if (name === undefined || value === undefined) {
      throw malformed(`${which} has a line among its headers that is none`)
    }
    const key = name.toLowerCase()
    if (headers.has(key)) throw malformed(`${which} has a header twice`)
    headers.set(key, value)
  }
  return headers
}

interface HeaderValue {
  readonly value: string
  readonly parameters: ReadonlyMap<string, string>
}

/** `value; name=text; name="text"`; null for anything else. */
function readValue(header: string): HeaderValue | null {
  const [whole, value] = VALUE.exec(header) ?? []
  if (whole === undefined || value === undefined) return null
  const parameters = new Map<string, string>()
  let at = whole.length
  while (/[^\s;]/.test(header.slice(at))) {
    PARAMETER.lastIndex = at
    const [, name, quoted, bare] = PARAMETER.exec(header) ?? []
    if (name === undefined || parameters.has(name.toLowerCase())) return null
    parameters.set(name.toLowerCase(), bare ?? unescaped(quoted ?? ''))
    at = PARAMETER.lastIndex
  }
  return { value: value.toLowerCase(), parameters }
}

/** Browsers write a quote and line breaks as `%22`, `%0D` and `%0A`; others put a backslash before. */
function unescaped(text: string): string {
  return text
    .replace(/\\(["\\])/g, '$1')
    .replace(/%(22|0d|0a)/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

/** @param why the end of a sentence about the form */
function malformed(why: string): ApiError {
  return new ApiError('invalid_multipart', `The body is no multipart/form-data: ${why}.`, {
    hint: 'Leave the body and its Content-Type to your HTTP client: it has to name the boundary.',
  })
}

/** @param why the end of a sentence about the part */
export function unreadable(name: string, why: string): ApiError {
  const param = sanitizeName(name)
  return new ApiError('invalid_multipart', `The part ${JSON.stringify(param)} ${why}`, {
    hint: 'Send it as text in UTF-8.',
    param,
  })
}
