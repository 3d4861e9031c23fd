-- Since samples are drawn among those to whom a user's request might go (docs/decisions/0021-checks-among-users.md).
COMMENT ON COLUMN plan_rounds.busy IS 'Hotkeys of the provers that its sample was not drawn from: those without room at its moment, and those to whom no user''s request would have gone then, unless that was everybody. Of a wide round: those without room.';
