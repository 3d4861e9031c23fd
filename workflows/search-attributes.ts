import { defineSearchAttributeKey } from '@temporalio/common'

/** What operators filter by: `temporal workflow list --query "IntervalNo=12"`. */
export const netuidKey = defineSearchAttributeKey('Netuid', 'INT')
export const intervalNoKey = defineSearchAttributeKey('IntervalNo', 'INT')
export const phaseKey = defineSearchAttributeKey('Phase', 'KEYWORD')
