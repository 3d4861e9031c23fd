/** Of a plan's header whose interval draws none. */
export const NO_SPOT_CHECKS = { spotCheckBudgetUs: null, spotCheckCostUs: null }
