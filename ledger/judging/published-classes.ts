import { z } from 'zod'
import { canonicalJson } from '../../formats/canonical-json.js'
import type { Queryable } from '../database.js'
import { jsonRows } from '../json-rows.js'
import type { VerifierId } from '../verifier-id.js'

/** What a verifier signs: the classes that it could judge when an interval opened. */
export const publishedBodySchema = z.object({
  genesis_hash: z.string(),
  netuid: z.int().min(0),
  verifier: z.string(),
  interval: z.int().min(1),
  model: z.string(),
  model_root: z.string(),
  classes: z.array(
    z.object({
      determinism_class: z.string(),
      exact: z.boolean(),
      us_per_work: z.int().min(0),
    }),
  ),
})

export type PublishedBody = z.output<typeof publishedBodySchema>

export interface PublishedClassesRow {
  body: PublishedBody
  /** By the verifier's hotkey, over `publishedClassesText` of the body. */
  signature: string
}

const query = jsonRows<PublishedClassesRow>('published_classes', () => 'of a verifier', {
  body: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(publishedBodySchema),
})

export async function putPublishedClasses(
  db: Queryable,
  id: VerifierId,
  { body, signature }: PublishedClassesRow,
): Promise<void> {
  await db.execute(
    `INSERT INTO published_classes (netuid, verifier, body, signature) VALUES ($1, $2, $3, $4)
     ON CONFLICT (netuid, verifier) DO UPDATE SET
       body = excluded.body, signature = excluded.signature, signed_at = now()`,
    [id.netuid, id.verifier, canonicalJson(body), signature],
  )
}

/** Null before the verifier's first interval. */
export async function publishedClasses(
  db: Queryable,
  { netuid, verifier }: VerifierId,
): Promise<PublishedClassesRow | null> {
  const [row] = await query(
    db,
    'SELECT body, signature FROM published_classes WHERE netuid = $1 AND verifier = $2',
    [netuid, verifier],
  )
  return row ?? null
}
