#!/usr/bin/env python3
"""Computes intervals again from their public records: rates, moves, shares, observations, scores and weights.

A second opinion beside `fractal audit`: written from docs/audit.md and docs/mechanism.md, in Python's integers, with
nothing of Fractal's own code and nothing but the standard library. It checks hashes, links and commitments too, but no
signatures and no draws, which `fractal audit` does.

    python3 tools/audit.py RECORD.json [RECORD.json.gz ...]

Prints a line for each record. Exit status 0: all that they say follows; 1: something does not; 2: a file is no record.
"""
import base64, gzip, hashlib, json, sys

PPM = 1_000_000
ORDER = ["bronze", "silver", "gold", "grandmaster", "challenger"]
RATE = {"challenger": 999, "grandmaster": 999, "gold": 949, "silver": 949, "bronze": 0}
FACTOR = {"challenger": 1_000_000, "grandmaster": 850_000, "gold": 720_000, "silver": 550_000, "bronze": 450_000}
LIMIT = {"challenger": 100_000, "grandmaster": 25_000, "gold": 14_000, "silver": 3_500, "bronze": 500}
MOST_BYTES = 64 * 1024 * 1024
COUNTS = ["wide_rounds", "wide_gpus", "wide_slots", "wide_kept", "offered", "accepted"]

VERSIONS = ["fractal-record/2", "fractal-record/3", "fractal-record/4"]

class BadRecord(Exception): pass

def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

def read(path):
    with open(path, "rb") as file:
        raw = file.read(MOST_BYTES + 1)
    if raw[:2] == b"\x1f\x8b":
        with gzip.open(path) as file:
            raw = file.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise BadRecord(f"has more than {MOST_BYTES} bytes")
    try:
        text = raw.decode("utf-8")
        signed = json.loads(text)
        record = signed["record"]
        if canonical(signed) != text or record["version"] not in VERSIONS:
            raise BadRecord("is not canonical JSON, or of another version")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadRecord(f"is no record: {type(error).__name__} {error}") from None
    return record, hashlib.sha256(canonical(record).encode()).hexdigest()

def answers_of(record):
    """The columns of `answers` as rows; `at` is the place among all outcomes."""
    columns, count = record["answers"], record["answers"]["count"]
    coded = {name: [columns[name]["values"][i] for i in columns[name]["of"]]
             for name in ("kind", "outcome", "reason", "counted", "key", "gpus", "in_flight", "checks")}
    ids = base64.b64decode(columns["request_ids"], validate=True).hex()
    taken = {row["answer"]: row["request_ids"] for row in columns["taken"]}
    if len(ids) != 32 * count or any(len(rows) != count for rows in coded.values()) or len(columns["prover"]) != count:
        raise BadRecord("has columns of different lengths")
    rows = []
    for i in range(count):
        h = ids[32 * i:32 * i + 32]
        rows.append({name: column[i] for name, column in coded.items()} |
                    {"id": f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}", "at": i,
                     "prover": columns["prover"][i], "taken": taken.get(i, [])})
    return rows

def full(gpus, flying, taken):
    """A refusal is neutral where the prover was full: two requests a GPU."""
    return flying + len(set(taken)) >= 2 * gpus

def slots_of(round_, by_id):
    """A wide round's slots at one prover, and those that it kept."""
    gpus, requests = round_["gpus"], []
    for request in round_["requests"]:
        facts = request["elsewhere"] or by_id[request["request_id"]]
        requests.append(facts | {"of_round": request["of_round"], "lost": request["lost"], "taken": facts["taken"] or []})
    refused = [q for q in requests if q["of_round"] and q["outcome"] == "refused"]
    excused = full(gpus, len(requests) - len(refused), [t for q in refused for t in q["taken"]])

    def neutral(q):
        if q["lost"] or q["outcome"] != "refused":
            return q["lost"] or q["outcome"] == "neutral"
        return excused if q["of_round"] else q["gpus"] is not None and full(q["gpus"], q["in_flight"] or 0, q["taken"])

    slots = max(0, min(2 * gpus, len(requests)) - sum(map(neutral, requests)))
    kept = sum(q["outcome"] == "success" and not q["lost"] and (q["of_round"] or q["kind"] != "inference" or q["counted"])
               for q in requests)
    return slots, min(slots, kept)

def settled(record, state, answers, checks, rounds, window, by_id):
    """What an interval settles of one prover, by the words of docs/mechanism.md."""
    tier, profile = state["tier"], record["profile"]
    cheating = {c["id"] for c in checks if c["verdict"] == "cheat"}
    lost = {c["id"] for c in checks if c["kind"] == "answer" and c["verdict"] == "abstained"}
    # Users' requests: failures whether counted or not, successes that count; what one key has too many of is neutral.
    tries = [a for a in answers if a["kind"] == "inference" and a["id"] not in lost
             and (a["outcome"] == "failure" or a["outcome"] == "success" and a["counted"])]
    beyond = set()
    for outcome in ("success", "failure"):
        these = sorted((a for a in tries if a["outcome"] == outcome), key=lambda a: a["at"])
        most, of_key = max(20, len(these) // 10), {}
        for a in these:
            of_key[a["key"]] = of_key.get(a["key"], 0) + 1
            if of_key[a["key"]] > most:
                beyond.add(a["id"])
    tries = [a for a in tries if a["id"] not in beyond]
    wide = [a for a in answers if a["kind"] == "wide" and a["outcome"] in ("success", "failure") and a["id"] not in lost]
    live = [c for c in checks if c["verdict"] != "abstained" and not (c["kind"] == "answer" and c["id"] in beyond)]
    of = {}
    for c in live:
        of.setdefault(c["id"], []).append(c)

    def bad(request_id):
        return any(c["verdict"] != "pass" for c in of.get(request_id, []))

    # Slots of reward: weight and reward.
    slots = []
    for a in tries:
        told = [c["reward_ppm"] for c in of.get(a["id"], []) if c["reward_ppm"] is not None]
        slots.append((5, -10_000) if a["outcome"] == "failure" or bad(a["id"]) else (1, min([PPM] + told)))
    slots += [(1, -10_000 if a["outcome"] == "failure" or bad(a["id"]) else PPM) for a in wide]
    here = {a["id"] for a in answers if a["kind"] != "challenge"}
    for request_id, found in of.items():
        if request_id in here:
            continue
        kind, counted, fault = found[0]["request_kind"], found[0]["counted"], bad(request_id)
        if kind == "challenge":
            slots.append((1, -10_000 if fault else PPM))
        elif fault and kind == "wide":
            slots.append((1, -10_000))
        elif fault and counted:
            slots.append((5, -10_000))
    mean = sum(w * r for w, r in slots) // sum(w for w, _ in slots) if slots and state["has_address"] else None
    # Shares and capacity.
    rounds = sorted(rounds, key=lambda w: (w["n"], w["round"]))
    own = {"wide_rounds": len(rounds), "wide_gpus": sum(w["gpus"] for w in rounds), "wide_slots": 0, "wide_kept": 0}
    for w in rounds:
        n_slots, kept = slots_of(w, by_id)
        own["wide_slots"] += n_slots
        own["wide_kept"] += kept
    offers = [a for a in answers if a["kind"] != "wide" and a["gpus"] is not None and (a["in_flight"] or 0) < 2 * a["gpus"]
              and a["outcome"] not in (None, "neutral") and a["id"] not in lost
              and not (a["outcome"] == "refused" and full(a["gpus"], a["in_flight"] or 0, a["taken"]))]
    own["offered"], own["accepted"] = len(offers), sum(a["outcome"] != "refused" for a in offers)
    newest = rounds[-1]["gpus"] if rounds else None
    both = {name: own[name] + sum(row[name] for row in window) for name in COUNTS}
    latest = newest
    for row in reversed(window):
        latest = row["newest_wide_gpus"] if latest is None else latest
    wide_share = PPM * both["wide_kept"] // both["wide_slots"] if both["wide_slots"] else 0
    offer_share = PPM * (1 + both["accepted"]) // (1 + both["offered"])
    capacity = min(PPM * latest, PPM * both["wide_gpus"] // both["wide_rounds"]) if both["wide_rounds"] else 0
    paid = capacity * (wide_share * offer_share // PPM) // PPM
    if record["certified_us_per_work"]:
        standard = record["certified_us_per_work"] * record["standard_work"] // PPM
        paid = min(paid, LIMIT[tier] * standard // (12 * record["length"]))
    # Rates, totals, observation, score.
    validations = [c for c in live if c["kind"] != "answer"]
    passed = [c for c in validations if c["verdict"] == "pass"]
    ours = [c for c in passed if c["kind"] == "challenge" or c["kind"] == "spotcheck" and c["request_kind"] == "wide"]
    attempts, successes = len(tries), 0 if cheating else sum(a["outcome"] == "success" for a in tries)
    judged, good = len(validations), len(passed)
    total = state["total_successes"] + successes + (0 if cheating else len(ours))
    reasons = [a["reason"] for a in tries + wide if a["outcome"] == "failure"] + [c["reason"] for c in live if c["verdict"] != "pass"]
    refused = "opening_refused" in reasons
    observation = mean
    if mean is not None and mean > 0:
        observation = 0 if cheating or refused else mean * paid * FACTOR[tier] // 10**12
    score, alpha = state["score_ppm"] // 2 ** len(cheating), profile["moving_average_alpha_ppm"]
    after = score * 999 // 1000 if observation is None else max(0, ((PPM - alpha) * score + alpha * observation) // PPM)
    # In Bronze a score rises only if a check was passed; up to version 3 it always could.
    if tier == "bronze" and good == 0 and observation is not None and record["version"] == VERSIONS[2]:
        after = min(score, after)
    # The move.
    def meets(rate):
        return 1000 * successes >= rate * attempts and 1000 * good >= rate * judged

    i, to, why, fast = ORDER.index(tier), tier, None, state["fast_return"]
    since = state["validations_since_move"] + (0 if cheating else good)
    if cheating or refused:
        fast = False
    if cheating:
        why, to = "cheat", "bronze"
    elif not meets(RATE[tier]):
        down = all(reason in ("no_answer", "unreachable") for reason in reasons)
        why, to, fast = ("downtime" if down else "rate_missed"), ORDER[i - 1], down and (fast or tier == "challenger")
    elif fast and i < 4 and judged and meets(999):
        why, to, fast = "fast_return", "challenger", False
    elif i < 4 and judged and since >= 3 and total >= profile["tier_minimums"][ORDER[i + 1]] and meets(RATE[ORDER[i + 1]]):
        why, to = "promoted", ORDER[i + 1]
    move = {"from": tier, "to": to, "reason": why} if to != tier else None
    return {"hotkey": state["hotkey"], "registered_block": state["registered_block"], "uid": state["uid"],
            "tier_before": tier, "tier_after": to, "move": move, "request_attempts": attempts,
            "request_successes": successes, "checks_judged": judged, "checks_passed": good, "cheats": len(cheating),
            "total_before": state["total_successes"], "total_after": total, "mean_reward_ppm": mean,
            "observation_ppm": observation, **own, "newest_wide_gpus": newest, "wide_share_ppm": wide_share,
            "offer_share_ppm": offer_share, "capacity_ppm": capacity, "paid_capacity_ppm": paid,
            "score_before": state["score_ppm"], "score_after": after, "validations_since_move": 0 if move else since,
            "fast_return": fast}

def cap(values, limit):
    """Those above floor(limit/65535 of the sum) lowered to the largest common value that is not, again and again."""
    values = list(values)
    while True:
        top = limit * sum(values) // 65535
        over = [i for i, v in enumerate(values) if v > top]
        if not over:
            return values
        rest = sum(v for i, v in enumerate(values) if i not in over)
        common = limit * rest // (65535 - len(over) * limit)
        for i in over:
            values[i] = common

def vector(weights, provers, cheats):
    """The weights that scores give: uids and u16 values, or why there are none."""
    neurons, own, limit = weights["neurons"], weights["own_uid"], weights["max_weight_limit"]
    scored = sorted((p["uid"], p["score_after"]) for p in provers if p["score_after"] > 0 and p["uid"] != own
                    and p["uid"] < len(neurons) and neurons[p["uid"]] == p["hotkey"] and p["hotkey"] not in cheats)
    if not scored:
        return {"kind": "none", "uids": [], "values": []}
    reachable = len(scored) * limit >= 65535
    scores = cap([s for _, s in scored], limit) if reachable else [1] * len(scored)
    values, uids = [max(1, 65535 * s // max(scores)) for s in scores], [uid for uid, _ in scored]
    least = min(weights["min_allowed"], len(neurons))
    rest = [uid for uid in range(len(neurons)) if uid not in uids]
    last = [uid for uid in rest if uid == own or neurons[uid] in cheats]
    padding = ([uid for uid in rest if uid not in last] + last)[:max(0, least - len(uids))]
    uids, values = uids + padding, values + [1] * len(padding)
    if max(values) > limit * sum(values) // 65535:
        values = cap(values, limit) if reachable else None
    if values is None or len(uids) < least:
        return {"kind": "infeasible", "uids": [], "values": []}
    both = sorted(zip(uids, values))
    return {"kind": "weights", "uids": [uid for uid, _ in both], "values": [value for _, value in both]}

def audit(record, before):
    """What of a record does not follow, a sentence each. `before`: the record before it and its hash, or None."""
    found = []
    if record["secret"] is not None:
        if hashlib.sha256(bytes.fromhex(record["secret"])).hexdigest() != record["commitment"]["secret_sha256"]:
            found.append("the secret is not the one that was committed to")
    if before is not None:
        earlier, its_hash = before
        if record["previous"] is None or record["previous"]["hash"] != its_hash:
            found.append("it does not link to the record before")
        following = earlier["next_commitment"]
        if record["n"] == earlier["n"] + 1 and following and following["secret_sha256"] != record["commitment"]["secret_sha256"]:
            found.append("it drew again: its secret is another than the one committed to before")
        hidden = set(range(earlier["n"] + 1, record["n"])) - {row["n"] for row in record["missed"]}
        found += [f"interval {n} is hidden" for n in sorted(hidden)]
    if record["settlement"] is None:
        return found
    if record["profile"]["tiers_rule"] != "literal":
        raise BadRecord("was settled by the evidence rule, which this program does not know")
    answers, keys = answers_of(record), [(p["hotkey"], p["registered_block"]) for p in record["provers"]]
    by_id = {a["id"]: a for a in answers}
    checks = [c | {"id": a["id"], "prover": a["prover"], "request_kind": a["kind"], "counted": a["counted"]}
              for a in answers for c in a["checks"]]
    checks += [c | {"id": c["request_id"]} for c in record["other_checks"]]
    groups = {}
    for name, rows in (("answers", answers), ("checks", checks), ("rounds", record["due_wide_rounds"]),
                       ("window", [row for interval in record["window"] for row in interval["counts"]])):
        for row in rows:
            groups.setdefault((name, keys[row["prover"]]), []).append(row)
    again = []
    for state in record["standings"]:
        key = (state["hotkey"], state["registered_block"])
        rows = [groups.get((name, key), []) for name in ("answers", "checks", "rounds", "window")]
        again.append(settled(record, state, *rows, by_id))
    again.sort(key=lambda p: (p["uid"], p["hotkey"]))
    for told, follows in zip(record["settlement"]["provers"], again):
        for name in follows:
            if told[name] != follows[name]:
                found.append(f"{told['hotkey']} {name} is {told[name]}, but {follows[name]} follows")
    if len(again) != len(record["settlement"]["provers"]):
        found.append("it settles other provers than it had")
    cheats = sorted(p["hotkey"] for p in again if p["cheats"] > 0)
    if cheats != record["settlement"]["cheating_hotkeys"]:
        found.append("its list of cheats does not follow")
    weights = record["weights"]
    follows = vector(weights, again, cheats)
    if follows != {name: weights[name] for name in follows}:
        found.append(f"its weights are {weights['uids']} {weights['values']}, but {follows['uids']} {follows['values']} follow")
    return found

def main(paths):
    if not paths:
        print(__doc__)
        return 2
    try:
        records = sorted((read(path) for path in paths), key=lambda one: one[0]["n"])
        ok, before = True, None
        for record, its_hash in records:
            found = audit(record, before)
            for sentence in found:
                print(f"interval {record['n']}: {sentence}")
            if not found:
                print(f"interval {record['n']}: scores and weights follow ({record['answers']['count']} answers)")
            ok, before = ok and not found, (record, its_hash)
        return 0 if ok else 1
    except (BadRecord, OSError) as error:
        print(f"audit.py: {error}", file=sys.stderr)
        return 2
    except (KeyError, TypeError, IndexError, ValueError) as error:
        print(f"audit.py: a record does not have the form of one: {type(error).__name__} {error}", file=sys.stderr)
        return 2

if __name__ == "__main__": sys.exit(main(sys.argv[1:]))
