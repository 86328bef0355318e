"""Compares what the program did in a cycle with what the model expected."""
import csv
import io
import re
from collections import Counter, defaultdict
from datetime import date, timedelta

import model as m

CASE_COLUMNS = ("case_id market survey dealer_code transaction_id vin event_date state close_reason "
                "invited_on reminded_on phone_on phone_reason completed_on response_mode").split()
SCREENING_COLUMNS = ("market survey dealer_code transaction_id event_date outcome reason "
                     "screened_on").split()
LIST_COLUMNS = ("case_id survey market language reason respondent_name phone_1 phone_2 call_from "
                "call_until time_zone calling_hours dealer_code dealer_name model event_date "
                "questionnaire").split()
RESPONSE_COLUMNS = ("case_id market survey dealer_code event_date mode completed_at language "
                    "late").split()


def squeeze(text):
    """Text with line ends and runs of spaces made alike."""
    return " ".join((text or "").split())


class Comparison:
    """Collects the differences; each different one is told once."""

    def __init__(self, model, program):
        self.model, self.program = model, program
        self.day, self.told, self.by_kind = None, set(), Counter()
        self.message_ids, self.taken_before = {}, set()
        self.count = 0

    def differ(self, what, key, expected, got):
        """Report one difference."""
        fingerprint = (what, str(key), str(expected), str(got))
        if fingerprint in self.told:
            return
        self.told.add(fingerprint)
        self.count += 1
        self.by_kind[what] += 1
        print(f"{self.day} {what} {key}: expected {expected}, got {got}", flush=True)

    def check(self, what, key, accepted, got):
        """Report unless `got` is among the accepted values, the first being the model's."""
        accepted = ["" if a is None else str(a) for a in accepted]
        if (got or "") not in accepted:
            self.differ(what, key, " or ".join(dict.fromkeys(accepted)) or "(empty)", got or "(empty)")

    def columns(self, what, expected, got):
        """The contract's columns, in its order; more may follow at the end."""
        if got[:len(expected)] != expected:
            self.differ(what, "columns", ",".join(expected), ",".join(got))

    # ---- the cycle's own account

    def counts(self, expected, got):
        """Every key of the JSON object."""
        for key, want in expected.items():
            if key not in got:
                self.differ("json", key, want if not isinstance(want, dict) else "present", "missing")
            elif isinstance(want, dict):
                have = got[key] or {}
                if not isinstance(have, dict):
                    self.differ("json", key, "an object", have)
                    continue
                for reason in sorted(set(want) | set(have)):
                    count = want.get(reason, m.Count(0))
                    if not count.accepts(have.get(reason, 0)):
                        self.differ("json", f"{self.day} {key}.{reason}", count, have.get(reason, 0))
            elif not want.accepts(got[key]):
                self.differ("json", f"{self.day} {key}", want, got[key])

    # ---- exports

    def cases(self, columns, rows):
        """All columns of `export cases`."""
        self.columns("cases", CASE_COLUMNS, columns)
        by_key = {}
        for row in rows:
            key = case_key(row)
            if key in by_key:
                self.differ("cases", key, "one case", "two: " + by_key[key]["case_id"] + ", " + row["case_id"])
            by_key[key] = row
        for case in self.model.cases.values():
            key = export_key(case.txn)
            row = by_key.pop(key, None)
            if row is None:
                self.differ("cases", key, f"a case ({case.state})", "none")
                continue
            txn = case.txn
            name = f"{row['case_id']} {'/'.join(key)}"
            late_on, late_mode = case.late_day or ("", "")
            wanted = {"vin": [txn.row["vin"]], "event_date": [txn.event_date], "state": [case.state],
                      "close_reason": [case.close_reason] +
                                      (["completed"] if case.state == "completed" else []),
                      "invited_on": [case.invited_on], "reminded_on": [case.reminded_on],
                      "phone_on": [case.phone_on],
                      "phone_reason": [case.phone_reason, case.phone_reason_alt or case.phone_reason],
                      "completed_on": [case.completed_on, late_on or case.completed_on],
                      "response_mode": [case.response_mode, late_mode or case.response_mode]}
            for column, accepted in wanted.items():
                self.check("case", f"{name} {column}", accepted, row.get(column))
        for key, row in by_key.items():
            self.differ("cases", "/".join(key), "none", f"{row['case_id']} {row['state']}")

    def screening(self, columns, rows):
        """`export screening`, with some freedom in `screened_on`."""
        self.columns("screening", SCREENING_COLUMNS, columns)
        by_key = {(r["dealer_code"], r["survey"], r["transaction_id"]): r for r in rows}
        if len(by_key) != len(rows):
            self.differ("screening", "rows", f"{len(by_key)} (one a transaction)", len(rows))
        for txn in self.model.transactions.values():
            key = (txn.key[1], txn.survey, txn.key[3])
            row = by_key.pop(key, None)
            if row is None:
                self.differ("screening", "/".join(key), f"{txn.outcome} {txn.reason}", "none")
                continue
            name = "/".join(key)
            self.check("screening", name + " outcome", [txn.outcome], row["outcome"])
            self.check("screening", name + " reason", [txn.reason], row["reason"])
            self.check("screening", name + " event_date", [txn.event_date], row["event_date"])
            self.check("screening", name + " market",
                       [txn.key[0]] + ([] if txn.market else [""]), row["market"])
            got = row["screened_on"][:10]
            if not str(txn.verdict_on) <= got <= str(txn.screened_on):
                self.differ("screening", name + " screened_on",
                            f"{txn.verdict_on} to {txn.screened_on}", got)
        for key in by_key:
            self.differ("screening", "/".join(key), "none", "a row")

    def responses(self, columns, rows):
        """`export responses`: one row a counted response, every answer."""
        self.columns("responses", RESPONSE_COLUMNS, columns)
        missing = [q for q in m.QUESTIONS if q not in columns]
        if missing:
            self.differ("responses", "columns", "every question", "without " + ",".join(missing))
        got = defaultdict(list)
        for row in rows:
            got[row["case_id"]].append(row)
        for case in self.model.cases.values():
            found = got.pop(case.id, [])
            if len(found) != (1 if case.response else 0):
                self.differ("responses", case.id, "1 row" if case.response else "no row", len(found))
                continue
            if case.response:
                self.one_response(case, found[0])
        for key in got:
            self.differ("responses", key, "none", "a row")

    def one_response(self, case, row):
        """All columns of one counted response."""
        want, txn = case.response, case.txn
        for column, accepted in {
                "market": [txn.key[0]], "survey": [txn.survey], "dealer_code": [txn.key[1]],
                "event_date": [txn.event_date], "mode": [want["mode"]],
                "late": [want["late"], ""] if want["late"] == "N" else ["Y"],
                "language": self.languages(txn.row) + [""]}.items():
            self.check("response", f"{case.id} {column}", accepted, row[column])
        if m.instant(row["completed_at"]) != m.instant(want["completed_at"]):
            self.differ("response", case.id + " completed_at", want["completed_at"], row["completed_at"])
        for question in m.QUESTIONS:
            if squeeze(row.get(question)) != squeeze(want.get(question)):
                self.differ("response", f"{case.id} {question}", want.get(question) or "(empty)",
                            row.get(question) or "(empty)")

    def languages(self, row):
        """The row's language, or the one that the mail is written in."""
        return [row["language"], self.model.language(row)]

    # ---- files

    def mails(self, expected, mails):
        """Who got which mail, and the headers; returns {(case, contact): mail}."""
        found = {}
        for mail, faults in mails:
            key = (mail["case_id"], mail["contact"])
            for fault in faults:
                self.differ("mail", f"{key[0]} {key[1]}", "as the contract says", fault)
            if key in found:
                self.differ("mail", f"{key[0]} {key[1]}", "one message", "two")
            if self.message_ids.setdefault(mail["message_id"], key) != key:
                self.differ("mail", f"{key[0]} {key[1]}", "a Message-ID of its own",
                            "that of " + " ".join(self.message_ids[mail["message_id"]]))
            found[key] = mail
        wanted = {(case.id, contact): address for case, contact, address in expected.mails}
        for key, address in wanted.items():
            if key not in found:
                self.differ("mail", f"{self.day} {key[0]} {key[1]}", "to " + address, "none")
            else:
                self.check("mail", f"{key[0]} {key[1]} recipient", [address], found[key]["recipient"])
        for key in found:
            if key not in wanted:
                self.differ("mail", f"{self.day} {key[0]} {key[1]}", "none", "to " + found[key]["recipient"])
        return {key: mail for key, mail in found.items() if key in wanted}

    def phone_lists(self, expected, lists):
        """The files for the callers."""
        wanted = {row["case_id"]: row for row in expected.released}
        for path, columns, rows, faults in lists:
            for fault in faults:
                self.differ("list", path.name, "as the contract says", fault)
            self.columns("list", LIST_COLUMNS, columns)
            shape = re.fullmatch(r"phone_([A-Z]{2})_(sales|service)_(\d{8})_\d{2,}\.csv", path.name)
            if not shape or shape[3] != self.day.strftime("%Y%m%d"):
                self.differ("list", path.name, "phone_MARKET_SURVEY_YYYYMMDD_NN.csv of the day", path.name)
            for row in rows:
                want = wanted.pop(row["case_id"], None)
                if want is None:
                    self.differ("list", f"{self.day} {row['case_id']}", "not listed", path.name)
                    continue
                if shape and shape.groups()[:2] != (want["market"], want["survey"]):
                    self.differ("list", row["case_id"], want["market"] + " " + want["survey"], path.name)
                self.list_row(want, row)
        for case_id in wanted:
            self.differ("list", f"{self.day} {case_id}", "listed", "not listed")

    def list_row(self, want, row):
        """All columns of one row of a phone list."""
        case, key = want["case"], want["case_id"]
        for column in ("survey", "market", "phone_1", "time_zone", "dealer_code", "model",
                       "event_date", "call_until"):
            self.check("list", f"{key} {column}", [want[column]], row.get(column))
        self.check("list", f"{key} phone_2", [want["phone_2"]], row.get("phone_2"))
        self.check("list", f"{key} reason",
                   [want["reason"], case.phone_reason_alt or want["reason"]], row.get("reason"))
        self.check("list", f"{key} language", self.languages(case.txn.row), row.get("language"))
        first, tomorrow = want["call_from"], want["call_from"] + timedelta(1)
        self.check("list", f"{key} call_from",
                   [first] + ([tomorrow] if tomorrow <= want["call_until"] else []), row.get("call_from"))
        for column in ("calling_hours", "questionnaire"):
            if not row.get(column):
                self.differ("list", f"{key} {column}", "something", "(empty)")
        for column in ("respondent_name", "dealer_name"):
            got, text = row.get(column) or "", squeeze(want[column])
            if got[:1] in tuple("=+-@\t\r"):
                self.differ("list", f"{key} {column}", "no formula", got)
            if not squeeze(got).endswith(text):
                self.differ("list", f"{key} {column}", text, got)

    def withdrawals(self, expected, lists):
        """The files that take cases back."""
        wanted = {case.id: (case, reason) for case, reason in expected.withdrawn}
        for path, columns, rows, faults in lists:
            for fault in faults:
                self.differ("withdrawal", path.name, "as the contract says", fault)
            self.columns("withdrawal", ["case_id", "reason", "withdrawn_at"], columns)
            market = path.name.split("_")[1]
            if not re.fullmatch(r"withdrawals_[A-Z]{2}_%s_\d{2,}\.csv" % self.day.strftime("%Y%m%d"), path.name):
                self.differ("withdrawal", path.name, "withdrawals_MARKET_YYYYMMDD_NN.csv of the day", path.name)
            for row in rows:
                case, reason = wanted.pop(row["case_id"], (None, None))
                if case is None:
                    self.differ("withdrawal", f"{self.day} {row['case_id']}", "none", row["reason"])
                    continue
                self.check("withdrawal", row["case_id"] + " reason", [reason], row["reason"])
                self.check("withdrawal", row["case_id"] + " market", [case.txn.key[0]], market)
                if not row["withdrawn_at"]:
                    self.differ("withdrawal", row["case_id"] + " withdrawn_at", "a time", "(empty)")
        for key, (_, reason) in wanted.items():
            self.differ("withdrawal", f"{self.day} {key}", reason, "none")

    def rejects(self, expected):
        """One line a rejected row, at its line, with a reason that holds."""
        for kind, name in expected.taken:
            if kind in ("bounces", "dealers", "optouts"):
                continue                       # opt-out rejects: reasons are not in the contract
            wanted = expected.rejects.get((kind, name), {})
            again = (kind, name) in self.taken_before     # its old rejects file may still be there
            self.taken_before.add((kind, name))
            path = self.program.data / "rejects" / f"{name}.rejects.csv"
            rows = []
            if path.exists():
                reader = csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""))
                rows = list(reader)
                self.columns("rejects", ["line", "reason", "column", "value", "raw"], list(reader.fieldnames or []))
            got = {}
            for row in rows:
                line = int(row["line"]) if (row["line"] or "").isdigit() else row["line"]
                if line in got and not again:
                    self.differ("rejects", f"{name}:{line}", "one line a row", "more")
                got[line] = row["reason"]
            for line in sorted(set(wanted) | (set() if again else set(got)), key=str):
                reasons = sorted(wanted.get(line, {"not rejected"}))
                if got.get(line, "not rejected") not in reasons:
                    self.differ("rejects", f"{name}:{line}", " or ".join(reasons), got.get(line, "not rejected"))

    def moved(self, expected):
        """Inputs went to the archive, refused files to `failed/`."""
        data = self.program.data
        for place in ("inbox", "outbox"):
            for path in (data / place).rglob("*"):
                if path.is_file() and (path.suffix in (".tmp", ".part") and place == "outbox"
                                       or place == "inbox" and path.suffix not in (".tmp", ".part")):
                    self.differ("files", path.relative_to(data), "moved away", "still there")
        days = {d.strftime("%Y/%m/%d") for d in (self.day, date.today(), date.today() - timedelta(1))}
        archived = defaultdict(set)
        for day in days:
            for path in (data / "archive" / day).rglob("*"):
                archived[path.name].add(day)
        for kind, name in expected.taken:
            if not any(n == name or name.rsplit(".", 1)[0] in n for n in archived):
                self.differ("files", f"{kind}/{name}", "in archive/YYYY/MM/DD", "not there")
        for kind, name in expected.refused:
            for wanted in (name, name + ".error.txt"):
                if not list((data / "failed").rglob(wanted)):
                    self.differ("files", f"{kind}/{name}", "failed/" + wanted, "not there")


def case_key(row):
    """(market, dealer, survey, transaction) of an export row."""
    return row["market"], row["dealer_code"], row["survey"], row["transaction_id"]


def export_key(txn):
    """The same of a transaction of the model."""
    return txn.key[0], txn.key[1], txn.survey, txn.key[3]
