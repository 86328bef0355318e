"""Simulated dealers, customers, mail servers and a call centre.

`Customers.prepare` makes the input files of a day, `Customers.observe` looks at what the
day's cycle sent out and plans the reactions.  Everything is drawn from one seeded generator.
Combinations of events whose outcome the documents do not decide are avoided here (each
such place says so), so that the comparison can be strict.
"""
import csv
import io
from collections import defaultdict
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import model as m

VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
NAMES = ["Ana Testcase", "=SUM(A1:A9)", "+Plus Person", "@handle", "-Dash Person", 'Quote "Q" Person',
         "Comma, Person", "中文客戶", "Jürgen Größe", "Semi; Colon"]
FAILED = ["5.1.1", "5.1.1", "5.1.1", "5.1.2", "5.1.10", "5.2.1", "5.4.4", "5.0.0", "5.2.2",
          "4.2.2", "5.3.4", "5.6.1", "5.7.1", "5.7.26", "4.4.7", "5.4.1"]
HARMLESS = [("delayed", "4.4.1"), ("relayed", "2.0.0"), ("delivered", "2.1.5"),
            ("expanded", "2.0.0"), ("delayed", "5.1.1")]
RESPONSE_COLUMNS = ["case_id", "mode", "status", "completed_at"] + list(m.QUESTIONS)


def table(columns, rows, bom=False):
    """The bytes of a CSV file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([[row.get(c, "") for c in columns] if isinstance(row, dict) else row
                      for row in rows])
    return out.getvalue().encode("utf-8-sig" if bom else "utf-8")


class Customers:
    """Everybody outside the pipeline."""

    def __init__(self, rng, model, inbox, extras=True):
        self.rng, self.model, self.inbox, self.extras = rng, model, inbox, extras
        self.agenda = defaultdict(list)       # day -> events
        self.serial = 0
        self.attempt = defaultdict(int)
        self.touched = set()
        self.later_rows = self.sample_rows()

    def sample_rows(self):
        """All readable rows of the sample extracts, for looking ahead."""
        rows = []
        for path in sorted((self.inbox / "dms").glob("*.csv")):
            source = next((s for s in m.SOURCES if path.match(s.pattern)), m.CANONICAL)
            for _, cells in m.read_table(path.read_bytes(), source.encoding, source.delimiter):
                row, faults = m.canonical_row(cells, source, date(2100, 1, 1))
                if not faults:
                    rows.append(row)
        return rows

    # ---- the day's files

    def prepare(self, day):
        """({inbox: [(name, bytes)]}, [(bounce name, bytes, report)]) for one day."""
        self.touched = set()
        stamp = day.strftime("%Y%m%d")
        files = defaultdict(list)
        for kind in ("dms", "dealers", "optouts", "responses", "dispositions"):
            for path in sorted((self.inbox / kind).glob("*.csv")):
                if stamp in path.name or kind == "dealers" and stamp == "20260302":
                    files[kind].append((path.name, path.read_bytes()))
        bounces = []
        if stamp == "20260306":
            bounces = [(p.name, p.read_bytes(), (None, "", "", "", ""))
                       for p in sorted((self.inbox / "bounces").glob("*.eml"))]
        events = self.agenda.pop(day, [])
        self.rng.shuffle(events)
        responses, calls, optouts = [], [], []
        for event in events:
            kind, data = event[0], event[1:]
            if kind == "response":
                responses += self.response_rows(day, *data)
            elif kind == "call":
                calls += self.call_rows(*data)
            elif kind == "optout":
                optouts += self.optout_rows(*data)
            elif kind == "bounce":
                bounces += self.bounce_files(stamp, len(bounces), *data)
        calls.sort(key=lambda row: (row["case_id"], int(row["attempt"])))
        if responses:
            files["responses"].append((f"answers_{stamp}.csv", table(
                RESPONSE_COLUMNS, responses + self.bad_responses(day, responses), day.day % 2 == 0)))
        if calls:
            files["dispositions"].append((f"calls_{stamp}.csv", table(
                "case_id attempt attempted_at phone code final note".split(), calls + [
                    {"case_id": "NO-SUCH-CASE", "attempt": 1, "attempted_at": f"{day}T01:00:00Z",
                     "code": "3.12"},
                    {"case_id": calls[0]["case_id"], "attempt": 99, "code": "5.55",
                     "attempted_at": f"{day}T01:00:00Z"}])))
        if optouts:
            files["optouts"].append((f"stop_{stamp}.csv", table(["kind", "value"], optouts)))
        if self.extras:
            files["dms"] += self.extra_extracts(day)
            self.troublesome_files(day, files)
        return dict(files), bounces

    def troublesome_files(self, day, files):
        """Files that come twice, and files to be refused as a whole."""
        stamp, number = day.strftime("%Y%m%d"), (day - date(2026, 3, 2)).days
        if number == 5:           # the same files, the same names, on a later day
            for name in ("cn_dms_20260306.csv", "apac_20260306.csv"):
                path = self.inbox / "dms" / name
                if path.exists():
                    files["dms"].append((name, path.read_bytes()))
        good = self.new_row(day)
        if number % 10 == 7:
            files["dms"].append((f"empty_{stamp}.csv", b""))
        if number % 10 == 8:
            files["dms"].append((f"badbytes_{stamp}.csv",
                                 table(m.COLUMNS, [good]) + b"sale,AU,\xff\xfe\xc3,,,,\r\n"))
        if number % 10 == 9:
            files["dms"].append((f"noheader_{stamp}.csv",
                                 table([c for c in m.COLUMNS if c != "vin"], [good])))
            files.setdefault("responses", []).append(
                (f"nostatus_{stamp}.csv", b"case_id,mode,completed_at\r\nX,web,2026-03-02\r\n"))
        if number % 10 == 6:
            files["dms"].append((f"headeronly_{stamp}.csv", table(m.COLUMNS, [])))

    # ---- reactions to what was sent

    def observe(self, day, cycle, mails):
        """Plan reactions.  `mails`: {(case id, contact): mail dict}."""
        for case, contact, _ in cycle.mails:
            mail = mails.get((case.id, contact))
            if mail:
                self.plan_mail(day, case, contact, mail)
        for row in cycle.released:
            self.plan_calls(day, row["case"])

    def at(self, day, *event):
        """Put an event on the agenda."""
        self.agenda[day].append(event)

    def plan_mail(self, day, case, contact, mail):
        """What the customer and his mail server make of a mail."""
        rng, draw = self.rng, self.rng.random()
        delay = timedelta(rng.choice([1, 1, 2, 3, 4, 5, 7]))
        if draw < 0.11:
            self.at(day + timedelta(rng.choice([1, 1, 1, 2, 4])), "bounce", mail, case, contact,
                    "failed", rng.choice(FAILED))
            if rng.random() < 0.3:
                self.at(day + delay, "response", case, "web", "complete", day, "")
        elif draw < 0.17:
            self.at(day + timedelta(1), "bounce", mail, case, contact, *rng.choice(HARMLESS))
        elif draw < 0.19:
            self.at(day + timedelta(1), "bounce", mail, case, contact, "auto_reply", "")
        elif draw < 0.39:
            done = day + delay - timedelta(1)
            late = timedelta(rng.choice([0, 0, 0, 1, 3, 20]))
            self.at(day + delay + late, "response", case, "web", "complete", done, "")
            if rng.random() < 0.2:
                self.at(day + delay + late + timedelta(rng.choice([0, 2])), "response", case, "web",
                        "complete", done, "")
        elif draw < 0.44:
            self.at(day + delay, "response", case, "web", "partial", day, "")
            if rng.random() < 0.4:
                self.at(day + delay + timedelta(2), "response", case, "web", "complete", day, "")
        elif draw < 0.51:
            self.at(day + delay, "response", case, "web",
                    rng.choice(["refused", "screened_out", "opt_out"]), day, "")
            if rng.random() < 0.5:
                self.at(day + delay + timedelta(3), "response", case, "web", "complete", day, "")
        elif draw < 0.53:
            self.at(day + delay, "response", case, "web", "complete", day,
                    rng.choice(["most_familiar", "still_owns"]))
        elif draw < 0.60:
            self.at(day + delay, "optout", rng.choice(["email", "email", "phone", "all", "case"]), case)
        elif draw < 0.62:
            self.at(day + timedelta(rng.choice([25, 35])), "response", case, "web", "complete",
                    day + timedelta(24), "")

    def plan_calls(self, day, case):
        """The vendor's work on one released case."""
        rng = self.rng
        when = day + timedelta(rng.choice([0, 1, 1, 2]))
        when = max(when, day + timedelta(1))
        for _ in range(rng.choice([0, 0, 1, 2, 3])):
            code = rng.choice(sorted(m.ATTEMPTS))
            self.at(when, "call", case, code, "", rng.random() < 0.1)
            when += timedelta(rng.choice([1, 2, 3]))
        draw = rng.random()
        if draw < 0.25:
            self.at(when, "call", case, "1.1", "", rng.random() < 0.5)
            if rng.random() < 0.9:
                self.at(when + timedelta(rng.choice([0, 0, 1, 3])), "response", case, "phone",
                        "complete", when - timedelta(1), "")
        elif draw < 0.33:
            self.at(when, "call", case, rng.choice(sorted(m.CLOSING)), "", rng.random() < 0.3)
            if rng.random() < 0.3:
                self.at(when + timedelta(2), "response", case, "web", "complete", when, "")
        elif draw < 0.53:
            self.at(when, "call", case, rng.choice(sorted(m.DEAD_NUMBER)),
                    rng.choice(["", "first", "first", "second"]), rng.random() < 0.2)
        elif draw < 0.63:
            self.at(when, "call", case, rng.choice(sorted(m.ATTEMPTS)), "", True)
            if rng.random() < 0.3:
                self.at(when + timedelta(3), "response", case, "web", "complete", when, "")
        elif draw < 0.72:
            self.at(when, "response", case, "phone",
                    rng.choice(["refused", "screened_out", "opt_out", "partial", "complete"]),
                    when - timedelta(1), "")
        elif draw < 0.80:
            self.at(when, "response", case, "web",
                    rng.choice(["complete", "complete", "refused", "opt_out", "screened_out"]),
                    when - timedelta(1), "")
        elif draw < 0.85:
            self.at(when, "optout", rng.choice(["email", "all", "case"]), case)

    # ---- response files

    def response_rows(self, day, case, mode, status, done, screener):
        """One response row, unless it would make an undecided combination."""
        if status == "complete" and not screener:
            if case.id in self.touched and not case.response:
                return []
        elif status != "partial":
            # A second end of a closed case, or of one that ends otherwise today: undecided.
            if case.id in self.touched or not case.is_open and not screener:
                return []
        if screener and (not case.is_open or screener not in m.SURVEY_QUESTIONS[case.txn.survey]):
            return []
        if case.state == "waiting":
            return []
        if status == "opt_out":
            group = self.customer_group(*self.model.identity(case.txn.row))
            if group is None or group & self.touched:
                return []
            self.touched |= group
        if status != "partial":
            self.touched.add(case.id)
        answers = self.answers(case.txn.survey, status)
        if screener:
            answers[screener] = "no"
        zone = self.rng.choice([ZoneInfo(case.txn.market.time_zone), ZoneInfo("UTC")])
        clock = self.rng.choice([time(0, 20), time(9, 15), time(23, 40)])
        moment = datetime.combine(min(done, day - timedelta(1)), clock, zone)
        return [dict(answers, case_id=case.id, mode=mode, status=status,
                     completed_at=moment.isoformat())]

    def answers(self, survey, status):
        """Plausible answers to the questions that this survey asks."""
        rng, answers = self.rng, {}
        if status not in ("complete", "partial"):
            return answers
        for name in m.SURVEY_QUESTIONS[survey]:
            scale, allowed = m.QUESTIONS[name]
            if name in ("most_familiar", "still_owns"):
                answers[name] = "yes"
            elif scale == "text":
                answers[name] = rng.choice(["", "All good, thanks", 'He said "hello"', "很好",
                                            "two\nlines"])
            elif scale == "choices":
                answers[name] = "|".join(rng.sample(allowed, rng.randint(1, 3)))
            elif status == "complete" or rng.random() < 0.4:
                answers[name] = rng.choice(allowed)
        if answers.get("paid") != "yes":
            answers.pop("value_for_money", None)
        return answers

    def bad_responses(self, day, rows):
        """One row for each way to be rejected."""
        base = dict(rows[0], status="partial", completed_at=f"{day - timedelta(1)}T10:00:00+02:00")
        bad = [{"overall": "6"}, {"overall": "0"}, {"recommend": "11"}, {"wants_contact": "maybe"},
               {"age_band": "99"}, {"work_done": "repair|magic"}, {"case_id": "NO-SUCH-CASE"},
               {"mode": "fax"}, {"status": "done"}, {"completed_at": "yesterday"},
               {"completed_at": "2026-02-30T10:00:00+00:00"}, {"completed_at": f"{day}T10:00:00"}]
        return [dict(base, **self.rng.choice(bad)) for _ in range(2)]

    # ---- the vendor's files

    def call_rows(self, case, code, which, final):
        """One attempt, sometimes told twice."""
        closes = code in m.CLOSING or code in m.DEAD_NUMBER or code in m.ATTEMPTS and final
        if closes and (case.id in self.touched or case.state != "with_vendor"):
            if code in m.ATTEMPTS:
                final = False
            elif case.state != "completed" or code in m.DEAD_NUMBER or case.id in self.touched:
                return []          # the documents do not say what such a late result does
        number = ""
        if code in m.DEAD_NUMBER:
            usable = self.model.usable_phones(case.txn.row)
            which = which or ("" if usable and case.listed[0] == usable[0] else "first")
            if which:
                number = case.listed[-1 if which == "second" else 0]
            if self.with_vendor_elsewhere(number or case.listed[0], case):
                return []          # nothing is said about others that share a dead number
        if closes:
            self.touched.add(case.id)
        attempt = self.attempt[case.id] = self.attempt[case.id] + 1
        row = {"case_id": case.id, "attempt": attempt, "phone": number, "code": code,
               "attempted_at": "2026-03-03T10:15:00+08:00",
               "final": "Y" if final else self.rng.choice(["", "N"]), "note": "called"}
        if self.rng.random() < 0.1:
            return [row, dict(row)]
        return [row]

    def with_vendor_elsewhere(self, number, case=None):
        """Whether another case in the vendor's hands has this number."""
        return any(c is not case and c.state == "with_vendor" and
                   number in self.model.numbers(c.txn.row) + list(c.listed)
                   for c in self.model.cases.values())

    # ---- opt-outs

    def optout_rows(self, kind, case):
        """One row of an opt-out file, unless its reach is undecided."""
        email, phones = self.model.identity(case.txn.row)
        if kind == "case":
            group = self.customer_group(email, phones)
            row = {"kind": "all", "value": case.id}
        elif kind == "all":
            value = email if email and (not phones or self.rng.random() < 0.5) else min(phones, default=None)
            if not value:
                return []
            group = self.customer_group(email if value == email else None,
                                        {value} - {email})
            row = {"kind": "all", "value": value}
        elif kind == "email":
            if not email:
                return [{"kind": "email", "value": case.txn.row["email"]}] \
                    if m.normalise_email(case.txn.row["email"]) else []
            group = {c.id for c in self.model.cases.values()
                     if self.model.identifying_email(c.txn.row["email"]) == email}
            row = {"kind": "email", "value": self.rng.choice(
                [email, email.upper(), " " + email, case.txn.row["email"]])}
        else:
            if not phones or self.with_vendor_elsewhere(min(phones)):
                return []          # a phone opt-out of a case with the vendor: undecided
            group = {c.id for c in self.model.cases.values()
                     if min(phones) in self.model.numbers(c.txn.row)}
            number = min(phones)
            row = {"kind": "phone", "value": self.rng.choice(
                [number, number[:3] + " " + number[3:6] + "-" + number[6:], "00" + number[1:]])}
        if group is None or group & self.touched:
            return []
        self.touched |= group
        return [row]

    def customer_group(self, email, phones):
        """Cases reached by an `all` opt-out of these, or None if a chain of shared data
        makes it a question who the customer is."""
        rows = [t.row for t in self.model.transactions.values()] + self.later_rows
        identities = [self.model.identity(row) for row in rows]
        direct = {i for i, (e, p) in enumerate(identities)
                  if e is not None and e == email or p & set(phones)}
        emails = {identities[i][0] for i in direct} - {None}
        numbers = set().union(*(identities[i][1] for i in direct)) if direct else set()
        chain = {i for i, (e, p) in enumerate(identities) if e in emails or p & numbers}
        if chain != direct:
            return None
        keep = {id(rows[i]) for i in direct}
        return {c.id for c in self.model.cases.values() if id(c.txn.row) in keep}

    # ---- bounces

    def bounce_files(self, stamp, number, mail, case, contact, action, status):
        """One RFC 3464 report (or an auto reply) about a mail."""
        if case.id in self.touched:
            return []
        if action == "failed":
            self.touched.add(case.id)
        name = f"dsn_{stamp}_{number:03}.eml"
        to = mail["envelope"] or "bounces@cvp.example"
        by_id = not mail["envelope"] or self.rng.random() < 0.6
        if by_id and self.rng.random() < 0.4:
            to = "bounces@cvp.example"        # only the Message-ID tells
        if action == "auto_reply":
            text = (f"From: {mail['recipient']}\r\nTo: {to}\r\nSubject: Out of office\r\n"
                    f"Message-ID: <{name}@mx.example>\r\nIn-Reply-To: {mail['message_id']}\r\n"
                    "Auto-Submitted: auto-replied\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n"
                    "Content-Type: text/plain; charset=utf-8\r\n\r\n"
                    "I am away. 550 5.1.1 user unknown, failed.\r\n")
            return [(name, text.encode(), None)]
        original = (f"From: survey@cvp.example\r\nTo: {mail['recipient']}\r\nSubject: Survey\r\n"
                    + (f"Message-ID: {mail['message_id']}\r\n" if by_id else ""))
        wrapper = self.rng.choice(["text/rfc822-headers", "message/rfc822"])
        if wrapper == "message/rfc822":
            original += "\r\nHello\r\n"
        text = (f"From: MAILER-DAEMON@mx.example\r\nTo: {to}\r\nReturn-Path: <>\r\n"
                "Subject: Delivery Status Notification\r\nDate: Mon, 02 Mar 2026 09:00:00 +0000\r\n"
                f"Message-ID: <{name}@mx.example>\r\nAuto-Submitted: auto-replied\r\n"
                "MIME-Version: 1.0\r\nContent-Type: multipart/report; "
                'report-type=delivery-status; boundary="=_b"\r\n\r\n'
                "--=_b\r\nContent-Type: text/plain\r\n\r\nUser unknown, mailbox full, delayed.\r\n\r\n"
                "--=_b\r\nContent-Type: message/delivery-status\r\n\r\n"
                "Reporting-MTA: dns; mx.example\r\n\r\n"
                f"Final-Recipient: rfc822; {mail['recipient']}\r\n"
                f"Action: {action if self.rng.random() < 0.8 else action.title()}\r\n"
                f"Status: {status}\r\n\r\n"
                f"--=_b\r\nContent-Type: {wrapper}\r\n\r\n{original}\r\n--=_b--\r\n")
        report = (case.id, contact, action, status, mail["recipient"])
        return [(name, text.encode(), report)]

    # ---- further extracts

    def extra_extracts(self, day):
        """A canonical rolling extract: new, repeated, corrected, cancelled, faulty rows."""
        rng = self.rng
        rows = [self.new_row(day) for _ in range(6)]
        if day >= date(2026, 3, 8):
            known = list(self.model.transactions.values())
            for txn in rng.sample(known, min(26, len(known))):
                row = self.changed_row(txn, day)
                if row:
                    rows.append(row)
        cells = [[row.get(c, "") for c in m.COLUMNS] for row in rows]
        cells += [self.faulty_row(day) for _ in range(3)]
        rng.shuffle(cells)
        return [(f"zz_rolling_{day:%Y%m%d}.csv", table(m.COLUMNS, cells, rng.random() < 0.5))]

    def new_row(self, day):
        """A transaction that nobody has seen yet."""
        rng = self.rng
        self.serial += 1
        market = rng.choice(list(m.MARKETS.values()))
        sale = rng.random() < 0.4
        window = market.sales if sale else market.service
        last = window.to_day if window.to_day is not None else 400
        age = max(0, rng.choice([0, window.from_day - 1, window.from_day, window.from_day,
                                 window.from_day - 3, last, last + 1, last - 1, last - 4,
                                 rng.randint(0, 60)]))
        event = day - timedelta(age)
        bought = "" if sale or rng.random() < 0.2 else str(
            m.add_years(event, -3) + timedelta(rng.choice([-400, -1, 0, 1, 300])))
        row = {"record_type": "sale" if sale else "service", "country": market.code,
               "dealer_code": f"Q{market.code}{rng.randint(1, 2)}",
               "dealer_name": f"Quest {market.code}", "transaction_id": f"X{self.serial:06}",
               "status": rng.choice(["", "active", "active", "active", "cancelled"][:rng.choice([4, 4, 5])]),
               "event_date": str(event), "purchase_date": bought,
               "vin": "".join(rng.choice(VIN_LETTERS) for _ in range(17)), "model": "Heron GT",
               "mileage_km": "" if sale else rng.choice(["", "0", "99999", "100000", "250000"]),
               "customer_type": rng.choice(["individual"] * 6 + sorted(m.CODES["customer_type"])),
               "payment_type": "" if sale else rng.choice(["warranty"] * 4 + sorted(m.CODES["payment_type"])),
               "customer_id": f"C{self.serial}", "customer_name": rng.choice(NAMES),
               "email": self.new_email(), "phone_1": self.new_phone(market),
               "phone_2": rng.choice(["", self.new_phone(market)]),
               "language": rng.choice(["", "en", "en-AU", "fr", market.languages[0]]),
               "email_opt_out": rng.choice(["", "N", "N", "N", "N", "Y"]),
               "phone_opt_out": rng.choice(["", "N", "N", "N", "N", "Y"]),
               "staff_name": rng.choice(["", "Pat", "Two\r\nlines", "A\nB\nC"])}
        shared = [t for t in self.model.transactions.values()
                  if t.market is market and not self.model.opted_out_of_all(t.row, t.case)
                  and not (t.case and t.case.id in self.touched)]
        if shared and rng.random() < 0.25:      # a customer whom we know already
            other = rng.choice(shared).row
            for name in rng.choice([["email", "phone_1", "phone_2"], ["email"], ["phone_1"]]):
                row[name] = other[name]
        return row

    def new_email(self):
        """An address, more often good than not."""
        self.serial += 1
        good = f"x{self.serial}@post.example"
        return self.rng.choice([good] * 9 + [
            "", f"O'x{self.serial}+tag@Post.EXAMPLE", f"x{self.serial}@bücher.example",
            f"NoEmail@d{self.serial}.example", "someone@example.com", f"a..b{self.serial}@post.example",
            f"x{self.serial}.post.example", f"Some One <x{self.serial}@post.example>",
            f"x{self.serial}@post.example; y{self.serial}@post.example", f"x y{self.serial}@post.example"])

    def new_phone(self, market):
        """A number in one of the ways in which people write it."""
        rng = self.rng
        self.serial += 1
        length = rng.randint(market.min_length, market.max_length)
        national = rng.choice("23456789") + str(self.serial).zfill(length - 1)
        code = market.country_code
        wide = str.maketrans("0123456789+-()", "０１２３４５６７８９＋－（）")
        return rng.choice([
            "+" + code + national, "00" + code + national, "0" + national, f"+{code} (0){national}",
            code + national, f"(0{national[:2]}) {national[2:5]}-{national[5:]}",
            f"0{national[:3]}/{national[3:]}", ("0" + national).translate(wide),
            f"+{code}-{national}".translate(wide), f"0{national[:3]}.{national[3:]}", national,
            "", "unknown", "12", "+1 212 555 0100", f"+64 21{self.serial:06}",
            f"00{code}0{national}", f"[0{national[:2]}] {national[2:]}"])

    def changed_row(self, txn, day):
        """A known transaction again: as it was, corrected, cancelled, or revived."""
        rng, case = self.rng, txn.case
        row = {c: txn.row[c] for c in m.COLUMNS}
        row["event_date"] = str(txn.event_date)
        row["purchase_date"] = str(txn.row["_purchase"] or "")
        draw = rng.random()
        if case and case.id in self.touched or self.model.opted_out_of_all(row, case):
            draw = 0                       # two ends on one day: undecided
        if txn.market is None or case and case.state == "with_vendor" and draw > 0.5:
            return row                     # a number that changes while the vendor has it: undecided
        if 0.30 < draw <= 0.50:
            row["email"] = self.new_email()
        elif 0.50 < draw <= 0.65:
            row[rng.choice(["phone_1", "phone_2"])] = self.new_phone(txn.market)
        elif 0.65 < draw <= 0.72:
            row["status"] = "cancelled"
        elif 0.72 < draw <= 0.80:
            row["status"] = "active"
        elif 0.80 < draw <= 0.90:
            row[rng.choice(["email_opt_out", "phone_opt_out"])] = rng.choice("YYN")
        elif 0.90 < draw <= 0.96:
            row["event_date"] = str(min(day, txn.event_date + timedelta(rng.choice([-3, -20, 1, 4]))))
        elif draw > 0.96:
            row["customer_type"] = rng.choice(["rental", "individual"])
        if 0.2 < draw <= 0.30 and case and case.state == "with_vendor":
            row["status"] = "cancelled"
        return row

    def faulty_row(self, day):
        """The cells of a row that is to be rejected."""
        row = self.new_row(day)
        row.update(self.rng.choice([
            {"vin": ""}, {"dealer_code": ""}, {"transaction_id": ""}, {"country": ""},
            {"customer_type": ""}, {"record_type": ""}, {"event_date": ""},
            {"record_type": "service", "payment_type": ""},
            {"event_date": "2026-02-30"}, {"event_date": day.strftime("%d/%m/%Y")},
            {"purchase_date": "soon"}, {"event_date": str(day + timedelta(1))},
            {"vin": "O" * 17}, {"vin": row["vin"][:16]}, {"record_type": "lease"},
            {"customer_type": "vip"}, {"status": "void"}, {"email_opt_out": "X"},
            {"record_type": "service", "payment_type": "gift"}, {"mileage_km": "12 km"}, {}]))
        cells = [row[c] for c in m.COLUMNS]
        _, faults = m.canonical_row(row, m.CANONICAL, day)
        return cells if faults else cells + ["stray", "cells"]
