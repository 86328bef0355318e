"""Drives the program through simulated weeks and compares it with the model.

    python3 tests/oracle/world.py --app 'dotnet run --no-build --project src/SurveyDispatcher --' \\
        --cwd . --work /tmp/world --config config
    python3 tests/oracle/world.py --self-check          # the model alone
"""
import argparse
import json
import random
import sys
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

sys.dont_write_bytecode = True

import model as m                                   # noqa: E402
from compare import CASE_COLUMNS, RESPONSE_COLUMNS, SCREENING_COLUMNS, Comparison  # noqa: E402
from customers import Customers                     # noqa: E402
from program import Program                         # noqa: E402

FIRST_DAY = date(2026, 3, 2)
EXPORTS = {"cases": CASE_COLUMNS, "screening": SCREENING_COLUMNS, "responses": RESPONSE_COLUMNS}
HERE = Path(__file__).resolve().parent


def arguments(argv):
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--app", help="the command that runs the program")
    parser.add_argument("--cwd", default=".", help="where to run it")
    parser.add_argument("--work", help="a fresh folder for the data directory")
    parser.add_argument("--config", help="the configuration directory (default: the program's)")
    parser.add_argument("--inbox", help="the sample inbox")
    parser.add_argument("--days", type=int, default=45)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rest-days", type=int, default=None,
                        help="the model's restDays (default: what --config says, else 0)")
    parser.add_argument("--skip", default="", help="day numbers without a cycle, e.g. 12,13,20")
    parser.add_argument("--no-extras", action="store_true", help="only the sample extracts")
    parser.add_argument("--verify-every", type=int, default=1, help="verify after every K-th cycle; 0 never")
    parser.add_argument("--stop", action="store_true",
                        help="stop after the first cycle with differences (later ones often follow from them)")
    parser.add_argument("--self-check", action="store_true", help="run the model alone and test its invariants")
    options = parser.parse_args(argv)
    if not options.self_check and not (options.app and options.work):
        parser.error("--app and --work are needed (or --self-check)")
    return options


def find_inbox(given):
    """The sample inbox: as told, the demo of the repository, or the shared one."""
    repo = HERE.parent.parent
    for path in ([Path(given)] if given else
                 [repo / "config/demo/inbox", repo.parent / "shared/data/inbox"]):
        if (path / "dms").is_dir():
            return path
    sys.exit("no sample inbox found; give --inbox")


def settings(options):
    """The model's numbers, from the program's configuration when there is one."""
    result = m.Settings()
    path = Path(options.cwd, options.config or "config", "programme.json")
    if path.exists():
        config = json.loads(path.read_text("utf-8-sig"))
        contact = config.get("contact", {})
        result.placeholders = tuple(config.get("placeholderEmails", result.placeholders))
        result.rest_days = contact.get("restDays", 0)
        result.grace = contact.get("vendorGraceDays", result.grace)
        result.phone_days = contact.get("phoneDays", result.phone_days)
        result.to_reminder = contact.get("daysFromInvitationToReminder", result.to_reminder)
        result.to_phone = contact.get("daysFromReminderToPhone", result.to_phone)
    if options.rest_days is not None:
        result.rest_days = options.rest_days
    return result


def plan(options):
    """(day, whether a cycle runs): input of days without one waits for the next."""
    skipped = {int(n) for n in options.skip.split(",") if n}
    return [(FIRST_DAY + timedelta(n), n not in skipped) for n in range(options.days)]


def gathered(customers, days):
    """Yield (day, files, bounces) of the cycles; merges the files of skipped days."""
    files, bounces = defaultdict(list), []
    for day, runs in days:
        if not runs:
            # Nobody acts on days without a cycle: reactions move to the next one.
            customers.agenda[day + timedelta(1)] += customers.agenda.pop(day, [])
            stamp = day.strftime("%Y%m%d")
            for path in (customers.inbox / "dms").glob(f"*{stamp}.csv"):
                files["dms"].append((path.name, path.read_bytes()))
            continue
        today, reports = customers.prepare(day)
        for kind, group in today.items():
            files[kind] += group
        yield day, dict(files), sorted(bounces + reports)
        files, bounces = defaultdict(list), []


# --------------------------------------------------------------------------- with the program

def compare(options):
    """Run the program and the model side by side; returns the exit code."""
    data = Path(options.work).resolve()
    if data.exists() and any(data.iterdir()):
        sys.exit(f"{data} is not empty")
    data.mkdir(parents=True, exist_ok=True)
    model = m.Model(settings(options))
    program = Program(options.app, options.cwd, data, options.config)
    customers = Customers(random.Random(options.seed), model, find_inbox(options.inbox), not options.no_extras)
    comparison = Comparison(model, program)
    cycles = 0
    for day, files, bounces in gathered(customers, plan(options)):
        cycles += 1
        comparison.day = day
        one_cycle(comparison, customers, day, files, bounces)
        if options.verify_every and cycles % options.verify_every == 0:
            code, out, err = program.run("verify")
            if code != 0:
                comparison.differ("verify", day, "exit 0", f"exit {code}: {(out + err).strip()[:300]}")
        if options.stop and comparison.count:
            break
    print_summary(comparison, model)
    print(f"{comparison.count} differences over {cycles} cycles, {len(model.cases)} cases")
    return 1 if comparison.count else 0


def one_cycle(comparison, customers, day, files, bounces):
    """Drop the files, run the cycle, let the model do the same, compare, plan reactions."""
    program, model = comparison.program, comparison.model
    for kind, group in files.items():
        for name, content in group:
            program.drop(kind, name, content)
    for number, (name, content, _) in enumerate(bounces):
        program.drop("bounces/new" if number % 3 == 0 else "bounces", name, content)
    program.drop("dms", "unfinished.csv.part", b"record_type,country\r\n")
    code, out, err = program.run("cycle", "--as-of", str(day), "--json")
    columns, rows = exported(comparison, "cases")
    ids = {}
    for row in rows:
        record = "sale" if row["survey"] == "sales" else "service"
        ids[(row["market"], row["dealer_code"], record, row["transaction_id"])] = row["case_id"]
    expected = model.cycle(day, files, [(name, report) for name, _, report in bounces], ids)
    if code != (1 if expected.refused else 0):
        comparison.differ("exit", day, 1 if expected.refused else 0, f"{code}: {err.strip()[-300:]}")
    elif code == 1 and not err.strip():
        comparison.differ("exit", day, "stderr says what was refused", "nothing")
    try:
        got = json.loads(out)
    except ValueError:
        comparison.differ("json", day, "one object on standard output", out.strip()[:200] or "nothing")
        got = None
    if got is not None:
        comparison.counts(expected.counts, got)
        if not str(got.get("asOf", "")).startswith(str(day)):
            comparison.differ("json", "asOf", day, got.get("asOf"))
    comparison.cases(columns, rows)
    comparison.screening(*exported(comparison, "screening"))
    comparison.responses(*exported(comparison, "responses"))
    mails = comparison.mails(expected, program.new_mails())
    comparison.phone_lists(expected, program.new_lists("phone_*.csv"))
    comparison.withdrawals(expected, program.new_lists("withdrawals_*.csv"))
    comparison.rejects(expected)
    comparison.moved(expected)
    customers.observe(day, expected, mails)


def exported(comparison, what):
    """Columns and rows of an export; a failure is a difference."""
    try:
        columns, rows = comparison.program.export(what)
    except RuntimeError as error:
        comparison.differ("export", what, "exit 0", error)
        return [], []
    missing = [c for c in EXPORTS[what] if c not in columns]
    if missing:
        comparison.differ("export", what, "all columns", "without " + ",".join(missing))
    return columns, [] if missing else rows


def print_summary(comparison, model):
    """What was seen, and what differed most."""
    print("cases: " + describe(Counter((c.state, c.close_reason or c.phone_reason)
                                       for c in model.cases.values())))
    print("screening: " + describe(Counter((t.outcome, t.reason) for t in model.transactions.values())))
    print("differences: " + (describe(Counter(comparison.by_kind)) or "none"))


def describe(counter):
    """A counter on one line."""
    return ", ".join(f"{' '.join(k) if isinstance(k, tuple) else k} {n}".replace("  ", " ")
                     for k, n in counter.most_common())


# --------------------------------------------------------------------------- the model alone

def self_check(options):
    """Run the model alone and assert what the programme promises."""
    model = m.Model(settings(options))
    customers = Customers(random.Random(options.seed), model, find_inbox(options.inbox), not options.no_extras)
    audit, cycles, totals = Audit(model), 0, Counter()
    for day, files, bounces in gathered(customers, plan(options)):
        cycles += 1
        expected = model.cycle(day, files, [(name, report) for name, _, report in bounces])
        audit.cycle(expected)
        mails = {(case.id, contact): {"recipient": address, "message_id": f"<{case.id}.{contact}@x>",
                                      "envelope": f"bounces+{case.id}.{contact}@cvp.example"}
                 for case, contact, address in expected.mails}
        customers.observe(day, expected, mails)
        for key, count in expected.counts.items():
            totals[key] += sum(c.value for c in count.values()) if isinstance(count, dict) else count.value
    print("totals: " + describe(totals))
    print("cases: " + describe(Counter((c.state, c.close_reason or c.phone_reason)
                                       for c in model.cases.values())))
    print("screening: " + describe(Counter((t.outcome, t.reason) for t in model.transactions.values())))
    print("withdrawn: " + describe(audit.withdrawn))
    print("released: " + describe(audit.released))
    print(f"{len(audit.faults)} faults over {cycles} cycles, {len(model.cases)} cases")
    return 1 if audit.faults else 0


class Audit:
    """The programme's promises, tested on what the model does."""

    def __init__(self, model):
        self.model, self.faults, self.history = model, [], defaultdict(list)
        self.withdrawn, self.released, self.ended = Counter(), Counter(), {}
        self.first_contacts = []

    def demand(self, holds, day, case, text):
        """Note a promise that was broken."""
        if not holds:
            self.faults.append(text)
            print(f"{day} {case.id} {'/'.join(case.txn.key)}: {text}")

    def cycle(self, cycle):
        """All promises that concern one cycle."""
        day = cycle.day
        for case, contact, address in cycle.mails:
            past = self.history[case.id]
            self.demand(not any(p[1] == contact for p in past), day, case, f"a second {contact}")
            self.demand(not any(p[0] == day for p in past), day, case, "two contacts in one cycle")
            if contact == "reminder":
                invited = [p[0] for p in past if p[1] == "invitation"]
                self.demand(invited and (day - invited[0]).days >= 3, day, case, "reminder too early")
            else:
                self.demand(not past, day, case, "an invitation that is not the first contact")
            self.demand(address not in self.model.email_optout | self.model.email_dead
                        | self.model.all_email, day, case, "mail to a suppressed address")
            self.contact(day, case, contact)
        for row in cycle.released:
            case, past = row["case"], self.history[row["case"].id]
            self.released[row["reason"]] += 1
            numbers = {row["phone_1"], row["phone_2"]} - {""}
            self.demand(not numbers & (self.model.phone_suppressed | self.model.all_phone), day, case,
                        "a suppressed number on a list")
            self.demand(row["phone_1"] and row["phone_1"] != row["phone_2"], day, case, "numbers")
            self.demand(row["call_until"] >= day, day, case, "listed after the last day of calling")
            if row["reason"] == "no_response":
                reminded = [p[0] for p in past if p[1] == "reminder"]
                self.demand(reminded and (day - reminded[0]).days >= 4, day, case, "phone too early")
            if row["reason"] == "other_number":
                self.demand(any(p[1] == "phone" for p in past), day, case, "other number of whom?")
            else:
                self.demand(not any(p[1] == "phone" for p in past), day, case, "listed twice")
            self.contact(day, case, "phone")
        for case, reason in cycle.withdrawn:
            self.withdrawn[reason] += 1
            self.demand(any(p[1] == "phone" for p in self.history[case.id]), day, case, "withdrawn unlisted")
            self.demand(case.state != "with_vendor", day, case, "withdrawn but with the vendor")
        self.leftovers(day)

    def contact(self, day, case, contact):
        """What holds for every contact."""
        age, window = case.age(day), case.window
        self.demand(age >= window.from_day, day, case, f"{contact} before the window")
        self.demand(window.to_day is None or age <= window.to_day, day, case, f"{contact} after the window")
        self.demand(case.is_open and not case.response, day, case, f"{contact} after an answer")
        self.demand(case.id not in self.ended, day, case, f"{contact} after the end")
        row = case.txn.row
        self.demand(row["status"] != "cancelled", day, case, f"{contact} though cancelled")
        flag = "phone_opt_out" if contact == "phone" else "email_opt_out"
        self.demand(row[flag] != "Y", day, case, f"{contact} though flagged")
        self.demand(case.txn.outcome == "eligible", day, case, f"{contact} though screened out")
        if not self.history[case.id]:
            self.rest(day, case, contact)
        self.history[case.id].append((day, contact))

    def rest(self, day, case, contact):
        """No first contact of a customer so soon after that for another case."""
        email, phones = self.model.identity(case.txn.row)
        for first, other, other_email, other_phones in self.first_contacts:
            if other is not case and (email and email == other_email or phones & other_phones):
                self.demand((day - first).days >= self.model.set.rest_days, day, case,
                            f"{contact} inside the rest after {other.id}")
        self.first_contacts.append((day, case, email, phones))

    def leftovers(self, day):
        """Nothing that was due has been left undone."""
        for case in self.model.cases.values():
            state = case.state
            if not case.is_open:
                if case.contacted:
                    self.ended[case.id] = day
                continue
            if state == "waiting":
                self.demand(case.age(day) < case.window.from_day, day, case, "still waiting")
            if state == "invited":
                self.demand((day - case.invited_on).days < 3, day, case, "reminder overdue")
            if state == "reminded":
                self.demand((day - case.reminded_on).days < 4, day, case, "phone overdue")
            self.demand(state != "phone_queued", day, case, "left in the queue")
            if state == "with_vendor":
                self.demand((day - case.call_until).days <= self.model.set.grace, day, case, "grace over")
            else:
                self.demand(not case.above_window(day), day, case, "open after its window")


def main(argv=None):
    """Entry point."""
    options = arguments(argv)
    return self_check(options) if options.self_check else compare(options)


if __name__ == "__main__":
    sys.exit(main())
