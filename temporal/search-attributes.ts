import { defineSearchAttributeKey } from '@temporalio/common'

/** Search attributes; `Interval` is a reserved word in Temporal's list queries. */
export const SEARCH_ATTRIBUTES = { Netuid: 'INT', IntervalNo: 'INT', Phase: 'KEYWORD' } as const

/** What operators filter by: `temporal workflow list --query "IntervalNo=12"`. */
export const netuidKey = defineSearchAttributeKey('Netuid', 'INT')
export const intervalNoKey = defineSearchAttributeKey('IntervalNo', 'INT')
export const phaseKey = defineSearchAttributeKey('Phase', 'KEYWORD')
