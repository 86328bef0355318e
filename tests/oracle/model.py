"""A reference model of the Customer Viewpoint programme.

Written from `programme.md`, `contracts.md`, `outcome-rates.md` and the README of the
sample data alone; it shares no code with the program.  It is small, slow and literal on
purpose: one in-memory object, one method per step of a cycle.

Where the documents leave a choice open, the model takes one reading and offers the
alternatives to the comparison (see `Count`, and the `*_alt` fields).
"""
import csv
import fnmatch
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

# --------------------------------------------------------------------------- configuration


@dataclass(frozen=True)
class Window:
    """Days after the event in which a customer may be contacted, both ends included."""
    from_day: int
    to_day: object  # int, or None for no limit


@dataclass(frozen=True)
class Market:
    """One row of the market table together with its dialling rule."""
    code: str
    time_zone: str
    languages: tuple
    sales: Window
    service: Window
    payers: tuple
    max_age_years: object
    max_km: object
    match: str
    country_code: str
    min_length: int
    max_length: int
    active_from: date
    trunk: str = "0"


def _market(code, zone, languages, sales, payers, dialling, active, limit=(None, None, "all")):
    return Market(code, zone, tuple(languages.split()), Window(*sales), Window(8, 35),
                  tuple(payers.split()), limit[0], limit[1], limit[2],
                  dialling[0], dialling[1], dialling[2], date.fromisoformat(active))


_PILOT, _ALL = "2010-08-01", "2010-10-01"
MARKETS = {m.code: m for m in (
    _market("AU", "Australia/Sydney", "en", (15, 35), "warranty", ("61", 9, 9), _PILOT),
    _market("IN", "Asia/Kolkata", "en hi", (21, 42), "warranty", ("91", 10, 10), _PILOT),
    _market("CN", "Asia/Shanghai", "zh-CN", (15, 35), "warranty customer", ("86", 10, 11), _PILOT,
            (3, None, "all")),
    _market("PH", "Asia/Manila", "en", (15, 35), "warranty", ("63", 8, 10), _ALL),
    _market("ZA", "Africa/Johannesburg", "en", (0, None), "warranty", ("27", 9, 9), _ALL),
    _market("NZ", "Pacific/Auckland", "en", (15, 35), "warranty", ("64", 8, 10), _ALL),
    _market("TW", "Asia/Taipei", "zh-TW", (15, 35), "warranty customer", ("886", 8, 9), _ALL,
            (3, 100000, "any")),
    _market("ID", "Asia/Jakarta", "id en", (15, 49), "warranty", ("62", 8, 12), _ALL),
    _market("VN", "Asia/Ho_Chi_Minh", "vi en", (15, 49), "warranty", ("84", 9, 10), _ALL),
    _market("JP", "Asia/Tokyo", "ja", (15, 35), "warranty customer", ("81", 9, 10), _ALL),
)}
CALLING_CODES = {m.country_code: m for m in MARKETS.values()}


@dataclass
class Settings:
    """The few numbers of `config/programme.json` that matter to the model."""
    rest_days: int = 0
    to_reminder: int = 3
    to_phone: int = 4
    grace: int = 14
    phone_days: int = 30
    placeholders: tuple = ("noemail@*", "*@example.com")
    templates: tuple = ("en", "hi", "zh-CN", "zh-TW", "id", "vi", "ja")


SURVEYED = ("individual", "small_business", "small_fleet")
CODES = {
    "record_type": {"sale", "service"},
    "status": {"active", "cancelled"},
    "customer_type": set(SURVEYED) | {"large_fleet", "government", "rental", "dealer", "employee"},
    "payment_type": {"warranty", "customer", "internal", "insurance"},
    "email_opt_out": {"Y", "N"},
    "phone_opt_out": {"Y", "N"},
}
COLUMNS = ("record_type country dealer_code dealer_name transaction_id status event_date "
           "purchase_date vin model mileage_km customer_type payment_type customer_id "
           "customer_name email phone_1 phone_2 language email_opt_out phone_opt_out "
           "staff_name").split()
REQUIRED = "record_type country dealer_code transaction_id event_date vin customer_type".split()
CONTACT_FIELDS = "email phone_1 phone_2 email_opt_out phone_opt_out".split()


@dataclass(frozen=True)
class Source:
    """How the files of one dealer management system are read."""
    pattern: str
    encoding: str = "utf-8-sig"
    delimiter: str = ","
    dates: str = "-"
    columns: dict = field(default_factory=dict)
    values: dict = field(default_factory=dict)
    constants: dict = field(default_factory=dict)


def _values(record, status, customer, payment, flags):
    """Value tables from compact word lists, in the order of the canonical codes."""
    def table(words, codes):
        return dict(zip(words.split(), codes.split()))
    types = ("individual small_business small_fleet large_fleet government rental dealer "
             "employee")
    return {"record_type": table(record, "sale service"),
            "status": table(status, "active cancelled"),
            "customer_type": table(customer, types),
            "payment_type": table(payment, "warranty customer internal insurance"),
            "email_opt_out": table(flags[0], "Y N"),
            "phone_opt_out": table(flags[1], "Y N")}


def _columns(words):
    """`canonical=header` pairs, `_` in a header standing for a space."""
    return {k: v.replace("_", " ") for k, v in (w.split("=") for w in words.split())}


SOURCES = [
    Source("in_dms_*.csv", "utf-8-sig", ";", "dmy", _columns(
        "transaction_id=Job_Card_No record_type=Type dealer_code=Dealer dealer_name=Dealer_Name "
        "status=Status event_date=Date purchase_date=Sold_On vin=Chassis_No model=Model "
        "mileage_km=KM customer_type=Customer_Category payment_type=Paid_By "
        "customer_id=Customer_No customer_name=Customer email=E-mail phone_1=Mobile "
        "phone_2=Landline language=Language email_opt_out=No_E-mail phone_opt_out=No_Calls "
        "staff_name=Adviser"),
        _values("S W", "OK CXL", "IND SB SF LF GOV RNT DLR EMP", "WTY CUST INT INS",
                ("1 0", "1 0")), {"country": "IN"}),
    Source("cn_dms_*.csv", "gb18030", ",", "/", _columns(
        "record_type=业务类型 dealer_code=经销商代码 dealer_name=经销商名称 transaction_id=单号 "
        "status=状态 event_date=交车日期 purchase_date=购车日期 vin=车架号 model=车型 "
        "mileage_km=里程 customer_type=客户类型 payment_type=付费方式 customer_id=客户编号 "
        "customer_name=客户姓名 email=电子邮箱 phone_1=手机 phone_2=固定电话 "
        "email_opt_out=拒收邮件 phone_opt_out=拒接电话 staff_name=服务顾问"),
        _values("销售 维修", "有效 作废", "个人 小企业 小型车队 大型车队 政府 租赁 经销商 员工",
                "保修 自费 内部 保险", ("是 否", "是 否")),
        {"country": "CN", "language": "zh-CN"}),
    Source("tw_dms_*.csv", "cp950", ",", "/", _columns(
        "transaction_id=工單號碼 record_type=類別 dealer_code=經銷商代號 dealer_name=經銷商名稱 "
        "status=狀態 event_date=交車日期 purchase_date=購車日期 vin=車身號碼 model=車款 "
        "mileage_km=里程數 customer_type=客戶類型 payment_type=付款別 customer_id=客戶編號 "
        "customer_name=客戶姓名 email=電子郵件 phone_1=行動電話 phone_2=市話 language=語言 "
        "email_opt_out=不收信 phone_opt_out=不接電話 staff_name=服務專員"),
        _values("銷售 維修", "有效 取消", "個人 小企業 小型車隊 大型車隊 政府 租賃 經銷商 員工",
                "保固 自費 內部 保險", ("是 否", "是 否")), {"country": "TW"}),
    Source("jp_dms_*.csv", "cp932", ",", "/", _columns(
        "record_type=区分 dealer_code=店舗コード dealer_name=店舗名 transaction_id=伝票番号 "
        "status=状態 event_date=納車日・返却日 purchase_date=購入日 vin=車台番号 model=車種 "
        "mileage_km=走行距離 customer_type=顧客区分 payment_type=支払区分 customer_id=顧客番号 "
        "customer_name=顧客名 email=Eメール phone_1=電話番号 phone_2=携帯番号 "
        "email_opt_out=メール不可 phone_opt_out=電話不可 staff_name=担当者"),
        _values("新車 整備", "確定 取消",
                "個人 小規模法人 小口フリート 大口フリート 官公庁 レンタカー 販売店 社員",
                "保証 有償 社内 保険", ("不可 可", "不可 可")),
        {"country": "JP", "language": "ja"}),
]
CANONICAL = Source("*")

# --------------------------------------------------------------------------- questionnaires

_SAT, _YN = [str(n) for n in range(1, 6)], ["yes", "no"]
AGE = "under_25 25_34 35_44 45_54 55_64 65_plus no_answer".split()
GENDER = "female male other no_answer".split()
QUESTIONS = {}          # id -> (scale, allowed values or None)
SURVEY_QUESTIONS = {"sales": [], "service": []}


def _questions(survey, text):
    scales = {"s": ("satisfaction", _SAT), "y": ("yes_no", _YN), "t": ("text", None),
              "l": ("likelihood", [str(n) for n in range(11)]), "a": ("choice", AGE),
              "g": ("choice", GENDER), "f": ("choice", ["first", "additional", "replacement"]),
              "w": ("choices", "maintenance repair bodywork recall accessories other".split())}
    for word in text.split():
        name, scale = word.split(":")
        QUESTIONS[name] = scales[scale]
        SURVEY_QUESTIONS[survey].append(name)


_questions("sales", """most_familiar:y visited_dealer:y overall:s first_impression:s salesperson:s
    product_knowledge:s vehicle_fit:s no_pressure:s test_drive_offered:y payment:s
    delivery_date_informed:y ready_on_time:y cleanliness:s equipment_works:y contacted_after:y
    problem_resolution:s recommend:l dealer_trust:s vehicle_quality:s brand_trust:s
    first_vehicle:f age_band:a gender:g contact_update:t comments:t wants_contact:y""")
_questions("service", """still_owns:y most_familiar:y work_done:w overall:s convenient_time:s
    understood_needs:s answered_questions:s work_quality:s fixed_first_time:y
    ready_as_promised:y paid:y value_for_money:s collection:s contacted_after:y
    problem_resolution:s recommend:l dealer_trust:s vehicle_quality:s brand_trust:s age_band:a
    gender:g contact_update:t comments:t wants_contact:y""")


def bad_answer(question, value):
    """True when a non-empty answer lies outside the question's scale."""
    scale, allowed = QUESTIONS[question]
    if not value or allowed is None:
        return False
    parts = value.split("|") if scale == "choices" else [value]
    return any(p not in allowed for p in parts)


# --------------------------------------------------------------------------- call results

CLOSING = {"2.11": "refused", "2.111": "refused", "2.112": "refused", "2.31": "unable",
           "2.32": "unable", "2.33": "unable", "4.70": "respondent_not_eligible"}
DEAD_NUMBER = {"4.20", "4.31", "4.32", "4.33", "4.41"}
ATTEMPTS = {"1.2", "2.12", "2.20", "2.21", "2.22", "2.36", "3.11", "3.12", "3.13", "3.14",
            "3.16", "9.1"}
NEVER_REOPENED = {"refused", "respondent_not_eligible", "unable", "unreachable", "no_response"}
NOT_MADE_COMPLETE = {"refused", "opted_out", "transaction_cancelled"}


def is_dead(status):
    """RFC 3463 statuses that speak against the address itself."""
    return status.startswith("5.1.") or status in ("5.2.1", "5.4.4", "5.0.0")


# --------------------------------------------------------------------------- normalisation

def parse_date(text, style):
    """A date in one of the formats of the sample systems, or None."""
    shapes = {"-": r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)",
              "/": r"(?P<y>\d{4})/(?P<m>\d\d?)/(?P<d>\d\d?)",
              "dmy": r"(?P<d>\d\d)/(?P<m>\d\d)/(?P<y>\d{4})"}
    found = re.fullmatch(shapes[style], text)
    if not found:
        return None
    try:
        return date(*(int(found[g]) for g in "ymd"))
    except ValueError:
        return None


def add_years(day, years):
    """The same calendar day `years` later; 29 February becomes 28 February."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def normalise_phone(text, market):
    """The E.164 form by the market's dialling rule, or None."""
    number = re.sub(r"[\s\-./()\[\]{}]", "", unicodedata.normalize("NFKC", text or ""))
    rule = market
    if number.startswith("+") or number.startswith("00"):
        number = number[1:] if number[0] == "+" else number[2:]
        rule = next((m for cc, m in CALLING_CODES.items() if number.startswith(cc)), None)
        if rule is None:
            return None
        return _national(number[len(rule.country_code):], rule)
    if rule is None:
        return None
    if number.startswith(rule.country_code):
        taken = _national(number[len(rule.country_code):], rule)
        if taken:
            return taken
    return _national(number, rule)


def _national(rest, rule):
    """Country code and national number, when the length is right."""
    if rest.startswith(rule.trunk):
        rest = rest[len(rule.trunk):]
    if not re.fullmatch(r"[0-9]+", rest) or not rule.min_length <= len(rest) <= rule.max_length:
        return None
    return "+" + rule.country_code + rest


_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"


def normalise_email(text):
    """Lower-case address with a punycode domain, or None when it is not one addr-spec."""
    text = (text or "").strip()
    if text.count("@") != 1:
        return None
    local, domain = text.split("@")
    if not re.fullmatch(_ATOM + r"(\." + _ATOM + ")*", local):
        return None
    try:
        domain = ".".join(label.encode("idna").decode() for label in domain.lower().split("."))
    except UnicodeError:
        return None
    if not re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?", domain):
        return None
    return local.lower() + "@" + domain


def read_records(text, delimiter):
    """(physical line, cells) of every CSV record."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    for cells in reader:
        if cells:
            yield line, cells
        line = reader.line_num + 1


def read_table(data, encoding="utf-8-sig", delimiter=",", needed=()):
    """Records as (line, dict or None when the width is wrong); ValueError refuses the file."""
    if not data.strip():
        raise ValueError("empty file")
    records = read_records(data.decode(encoding), delimiter)
    header = [c.strip() for c in next(records)[1]]
    missing = [c for c in needed if c not in header]
    if missing:
        raise ValueError("missing columns: " + ", ".join(missing))
    return [(line, dict(zip(header, (c.strip() for c in cells)))
             if len(cells) == len(header) else None) for line, cells in records]


# --------------------------------------------------------------------------- state

@dataclass
class Transaction:
    """The latest accepted row of a transaction and its recorded verdict."""
    key: tuple                     # market, dealer code, record type, transaction id
    row: dict
    event_date: date
    outcome: str = ""
    reason: str = ""
    verdict_on: date = None        # the day the recorded verdict was first reached
    screened_on: date = None       # the day of the latest screening
    case: object = None
    last_row: dict = None          # what the latest extract said, taken over or not

    @property
    def survey(self):
        """The survey's name as in every file."""
        return "sales" if self.key[2] == "sale" else "service"

    @property
    def market(self):
        """The market, or None when the country is in none."""
        return MARKETS.get(self.key[0])


@dataclass
class Case:
    """One customer to be surveyed about one transaction."""
    id: str
    txn: Transaction
    state: str = "waiting"
    close_reason: str = ""
    invited_on: date = None
    reminded_on: date = None
    phone_on: date = None
    phone_reason: str = ""
    phone_reason_alt: str = ""
    completed_on: date = None
    response_mode: str = ""
    late_day: tuple = ()           # (date, mode) of a complete that did not complete the case
    undelivered: set = field(default_factory=set)
    call_until: date = None
    listed: tuple = ()             # numbers on the latest phone list
    attempts: set = field(default_factory=set)
    response: dict = None          # the counted response
    opted_out: bool = False
    times_opened: int = 1
    rest_identity: tuple = ()

    @property
    def is_open(self):
        """Whether decisions are still to be taken."""
        return self.state not in ("completed", "closed")

    @property
    def contacted(self):
        """Whether a first contact was made."""
        return bool(self.invited_on or self.phone_on)

    @property
    def first_contact(self):
        """The date of the first contact."""
        return min(d for d in (self.invited_on, self.first_phone_on) if d)

    first_phone_on: date = None

    @property
    def window(self):
        """The contact window of this survey in this market."""
        return getattr(self.txn.market, self.txn.survey)

    def age(self, day):
        """Days since the event."""
        return (day - self.txn.event_date).days

    def above_window(self, day):
        """Whether the window's last day has gone by."""
        return self.window.to_day is not None and self.age(day) > self.window.to_day


@dataclass
class Count:
    """An expected count: `value`, or anything in `others`, or between `low` and `high`."""
    value: int
    others: tuple = ()
    low: object = None
    high: object = None

    def accepts(self, got):
        """Whether the documents allow this number."""
        if not isinstance(got, int):
            return False
        if got == self.value or got in self.others:
            return True
        return self.low is not None and self.low <= got <= self.high

    def __str__(self):
        text = str(self.value)
        if self.low is not None and (self.low, self.high) != (self.value, self.value):
            text += f" ({self.low}-{self.high})"
        extra = [str(o) for o in sorted(set(self.others)) if o != self.value]
        return text + (f" (or {', '.join(extra)})" if extra else "")


@dataclass
class Cycle:
    """Everything that one cycle is expected to do."""
    day: date
    counts: dict = field(default_factory=dict)
    rejects: dict = field(default_factory=dict)       # file -> {line: set of reasons}
    refused: list = field(default_factory=list)
    taken: list = field(default_factory=list)
    mails: list = field(default_factory=list)         # (case, contact, recipient)
    released: list = field(default_factory=list)      # phone list rows (dict with `case`)
    withdrawn: list = field(default_factory=list)     # (case, reason)
    closed: list = field(default_factory=list)        # (case, reason)
    opened: list = field(default_factory=list)


# --------------------------------------------------------------------------- the model

class Model:
    """The programme: feed it the files of a day with `cycle`."""

    def __init__(self, settings=None):
        self.set = settings or Settings()
        self.transactions = {}
        self.cases = {}                 # by id
        self.responses = []
        self.email_optout, self.email_dead, self.all_email = set(), set(), set()
        self.phone_suppressed, self.all_phone = set(), set()
        self.serial = 0
        self.now = None                 # the Cycle under way

    # ---- usability

    def identifying_email(self, text):
        """The address if it stands for somebody (valid, no placeholder)."""
        address = normalise_email(text)
        if address is None:
            return None
        for pattern in self.set.placeholders:
            if fnmatch.fnmatchcase(address, pattern.lower()) or \
                    fnmatch.fnmatchcase(text.strip().lower(), pattern.lower()):
                return None
        return address

    def usable_email(self, row):
        """The address that a mail may be sent to, or None."""
        address = self.identifying_email(row["email"])
        if address is None or row["email_opt_out"] == "Y" or address in self.email_optout \
                or address in self.email_dead or address in self.all_email:
            return None
        return address

    def numbers(self, row):
        """All valid numbers of a row, usable or not."""
        market = MARKETS.get(row["country"])
        found = [normalise_phone(row[c], market) for c in ("phone_1", "phone_2")]
        return list(dict.fromkeys(n for n in found if n))

    def usable_phones(self, row):
        """The numbers that may be called, the preferred one first."""
        if row["phone_opt_out"] == "Y":
            return []
        return [n for n in self.numbers(row)
                if n not in self.phone_suppressed and n not in self.all_phone]

    def identity(self, row):
        """What says who the customer is: (address or None, set of numbers)."""
        return self.identifying_email(row["email"]), frozenset(self.numbers(row))

    def opted_out_of_all(self, row, case=None):
        """An `all` opt-out of the customer, or a row that is flagged for both modes."""
        email, phones = self.identity(row)
        return (row["email_opt_out"] == "Y" and row["phone_opt_out"] == "Y"
                or email in self.all_email and email is not None
                or bool(phones & self.all_phone)
                or case is not None and case.opted_out)

    def recently_contacted(self, row, day, own_case=None):
        """Whether the same customer had a first contact for another case inside the rest."""
        email, phones = self.identity(row)
        for other in self.cases.values() if self.set.rest_days else ():
            if other is own_case or not other.contacted:
                continue
            if (day - other.first_contact).days >= self.set.rest_days:
                continue
            other_email, other_phones = other.rest_identity
            if email is not None and email == other_email or phones & other_phones:
                return True
        return False

    # ---- screening

    def screen(self, txn, day):
        """The first failing reason, or an empty string."""
        row, market, service = txn.row, txn.market, txn.survey == "service"
        if market is None:
            return "market_not_in_programme"
        if day < market.active_from:
            return "market_not_active"
        if row["status"] == "cancelled":
            return "transaction_cancelled"
        if row["customer_type"] not in SURVEYED:
            return "customer_type_excluded"
        if service and row["payment_type"] not in market.payers:
            return "payment_type_excluded"
        if service and not self.within_vehicle_limit(txn, market):
            return "vehicle_limit_exceeded"
        window = getattr(market, txn.survey)
        if window.to_day is not None and (day - txn.event_date).days > window.to_day:
            return "window_passed"
        if self.opted_out_of_all(row, txn.case):
            return "opted_out"
        if not self.usable_email(row) and not self.usable_phones(row):
            return "no_contact_channel"
        if self.recently_contacted(row, day, txn.case):
            return "recently_contacted"
        return ""

    @staticmethod
    def within_vehicle_limit(txn, market):
        """The market's vehicle limit; a criterion without data does not hold."""
        verdicts = []
        if market.max_age_years is not None:
            bought = txn.row["_purchase"]
            verdicts.append(bought is not None and
                            txn.event_date <= add_years(bought, market.max_age_years))
        if market.max_km is not None:
            km = txn.row["mileage_km"]
            verdicts.append(km != "" and int(km) < market.max_km)
        if not verdicts:
            return True
        return any(verdicts) if market.match == "any" else all(verdicts)

    # ---- a cycle

    def cycle(self, day, files, bounces=(), ids=None):
        """One pass.  `files`: {inbox: [(name, bytes)]}; `bounces`: (name, report or None),
        a report being (case id or None, contact, action, status, address); `ids`: the
        program's case ids by transaction key."""
        self.now = now = Cycle(day)
        for name in ("invitations", "reminders"):
            now.counts[name] = 0
        ids = ids or {}
        optouts = self.read_optouts(files.get("optouts", []))
        responses = self.read_responses(files.get("responses", []))
        dispositions = self.read_dispositions(files.get("dispositions", []))
        self.read_bounces(bounces)
        for name, _ in sorted(files.get("dealers", [])):
            now.taken.append(("dealers", name))
        dms = self.read_dms(files.get("dms", []), day, ids)
        self.decide(day)
        self.release(day)
        now.counts = self.totals(files, bounces, optouts, responses, dispositions, dms)
        return now

    def totals(self, files, bounces, optouts, responses, dispositions, dms):
        """The JSON object of the cycle, with the alternatives that the contract leaves open."""
        now = self.now
        refused = len(now.refused)
        dms_files = sum(1 for kind, _ in now.taken if kind == "dms")
        rejected = {k: sum(len(v) for (kind, _), v in now.rejects.items() if k in (kind, "all"))
                    for k in ("dms", "all")}
        mails = Counter(contact for _, contact, _ in now.mails)
        reopened = sum(1 for c in now.opened if c.times_opened > 1)
        closed = Counter(reason for _, reason in now.closed)
        reasons = set(dms["failed_rows"]) | set(closed)
        return {
            "filesImported": Count(len(now.taken), (dms_files, len(now.taken) - len(bounces))),
            "filesRefused": Count(refused),
            "rowsRead": Count(dms["rows"]),
            "rowsRejected": Count(rejected["dms"], (rejected["all"],)),
            "transactionsNew": Count(dms["new"]),
            "transactionsUpdated": Count(dms["changed"], low=dms["changed_once"], high=dms["again"]),
            "screenedOut": {r: Count(dms["failed_rows"][r], low=min(
                dms["new_verdicts"][r], dms["failed_rows"][r]), high=max(
                    dms["failed_rows"][r], closed[r])) for r in reasons},
            "casesOpened": Count(len(now.opened), (len(now.opened) - reopened,)),
            "invitationsSent": Count(mails["invitation"]),
            "remindersSent": Count(mails["reminder"]),
            "mailRejected": Count(0), "mailDeferred": Count(0),
            "phoneReleased": {r: Count(n) for r, n in Counter(
                x["case"].phone_reason for x in now.released).items()},
            "withdrawn": Count(len(now.withdrawn)),
            "responses": Count(responses["rows"], (
                responses["rows"] - responses["duplicates"], responses["completes"],
                responses["completes"] - responses["duplicates"])),
            "dispositions": Count(dispositions["rows"],
                                  (dispositions["rows"] - dispositions["repeated"],)),
            "bounces": Count(sum(1 for _, report in bounces if report)),
            "optOuts": Count(optouts["rows"], tuple(optouts["others"])),
            "closed": {r: Count(n) for r, n in closed.items()},
        }

    def _tables(self, kind, files, needed):
        """(name, line, row) of all good files of an inbox; refuses the others."""
        for name, data in sorted(files):
            try:
                table = read_table(data, needed=needed)
            except (ValueError, UnicodeError):
                self.now.refused.append((kind, name))
                continue
            self.now.taken.append((kind, name))
            for line, row in table:
                yield name, line, row

    def _reject(self, kind, name, line, *reasons):
        self.now.rejects.setdefault((kind, name), {})[line] = set(reasons)

    def close(self, case, reason, by_vendor=False):
        """End a case; takes it back from the vendor unless the vendor said so itself."""
        queued_again = case.state == "phone_queued" and case.listed and reason not in (
            "window_closed", "no_contact_channel", "no_response")
        if (case.state == "with_vendor" or queued_again) and not by_vendor:
            self.now.withdrawn.append((case, reason))
        if reason == "completed":
            case.state, case.close_reason = "completed", ""
        else:
            case.state, case.close_reason = "closed", reason
            self.now.closed.append((case, reason))

    # ---- inboxes

    def read_optouts(self, files):
        """Suppress addresses, numbers, and whole customers."""
        seen = {"rows": 0, "others": set()}
        doubtful = 0
        for _, _, row in self._tables("optouts", files, ("kind", "value")):
            kind, value = row["kind"], row["value"]
            if value in self.cases:
                self.suppress_customer(self.cases[value])
            elif "@" in value:
                address = self.identifying_email(value)
                if address:
                    (self.email_optout if kind == "email" else self.all_email).add(address)
            elif normalise_phone(value, None):
                number = normalise_phone(value, None)
                (self.phone_suppressed if kind == "phone" else self.all_phone).add(number)
            else:
                doubtful += 1
            seen["rows"] += 1
        seen["others"] = {seen["rows"] - doubtful}
        return seen

    def suppress_customer(self, case):
        """No contact in any mode with the customer of this case."""
        case.opted_out = True
        email, phones = self.identity(case.txn.row)
        if email:
            self.all_email.add(email)
        self.all_phone |= phones

    def read_responses(self, files):
        """Answers, in whatever state the case is."""
        seen = {"rows": 0, "duplicates": 0, "completes": 0}
        needed = ("case_id", "mode", "status", "completed_at")
        for name, line, row in self._tables("responses", files, needed):
            faults = self.response_faults(row)
            if faults:
                self._reject("responses", name, line, *faults)
                continue
            seen["rows"] += 1
            self.take_response(self.cases[row["case_id"]], row, seen)
        return seen

    def response_faults(self, row):
        """Every reason to reject a response row."""
        if row is None:
            return {"malformed_row"}
        faults = set()
        if row["case_id"] not in self.cases:
            faults.add("unknown_case")
        if row["mode"] not in ("web", "phone") or row["status"] not in (
                "complete", "partial", "refused", "screened_out", "opt_out"):
            faults.add("bad_code")
        if not instant(row["completed_at"]):
            faults.add("bad_date")
        if any(bad_answer(q, row[q]) for q in row if q in QUESTIONS):
            faults.add("bad_answer")
        return faults

    def take_response(self, case, row, seen):
        """The effect of one valid response."""
        status, vendor = row["status"], row["mode"] == "phone"
        if status == "complete" and "no" in (row.get("most_familiar"), row.get("still_owns")):
            status = "screened_out"
        if status == "complete":
            seen["completes"] += 1
            if case.response:
                seen["duplicates"] += 1
                return
            local = instant(row["completed_at"]).astimezone(ZoneInfo(case.txn.market.time_zone))
            case.response = dict(row, late="N" if case.is_open else "Y")
            if not case.is_open and case.close_reason in NOT_MADE_COMPLETE:
                case.late_day = (local.date(), row["mode"])
                return
            case.completed_on, case.response_mode = local.date(), row["mode"]
            self.close(case, "completed", vendor)
        elif status == "opt_out":
            self.suppress_customer(case)
            if case.is_open:
                self.close(case, "opted_out", vendor)
        elif status in ("refused", "screened_out") and case.is_open:
            self.close(case, "refused" if status == "refused" else "respondent_not_eligible", vendor)

    def read_dispositions(self, files):
        """The vendor's call results."""
        seen = {"rows": 0, "repeated": 0}
        needed = ("case_id", "attempt", "attempted_at", "code")
        for name, line, row in self._tables("dispositions", files, needed):
            faults = set()
            code = row["code"]
            if row["case_id"] not in self.cases:
                faults.add("unknown_case")
            if code not in ATTEMPTS and code not in CLOSING and code not in DEAD_NUMBER \
                    and code != "1.1":
                faults.add("bad_code")
            if faults:
                self._reject("dispositions", name, line, *faults)
                continue
            seen["rows"] += 1
            case = self.cases[row["case_id"]]
            if row["attempt"] in case.attempts:
                seen["repeated"] += 1
                continue
            case.attempts.add(row["attempt"])
            self.take_disposition(case, code, row)
        return seen

    def take_disposition(self, case, code, row):
        """The effect of one new attempt."""
        if code in DEAD_NUMBER:
            number = normalise_phone(row.get("phone", ""), case.txn.market) or \
                (case.listed[0] if case.listed else None)
            self.phone_suppressed.add(number)
        if case.state != "with_vendor":
            return
        if code in DEAD_NUMBER:
            if self.usable_phones(case.txn.row):
                case.state, case.phone_reason = "phone_queued", "other_number"
                case.phone_reason_alt = ""
                case.phone_on = self.now.day
            else:
                self.close(case, "unreachable", by_vendor=True)
        elif code in CLOSING:
            self.close(case, CLOSING[code], by_vendor=True)
        elif code in ATTEMPTS and row.get("final") == "Y":
            self.close(case, "unreachable", by_vendor=True)

    def read_bounces(self, bounces):
        """Delivery reports: what failed, and which addresses are dead."""
        for name, report in bounces:
            self.now.taken.append(("bounces", name))
            if not report or report[0] not in self.cases or report[2] != "failed":
                continue
            case_id, contact, _, status, address = report
            self.cases[case_id].undelivered.add(contact)
            if is_dead(status) and normalise_email(address):
                self.email_dead.add(normalise_email(address))

    # ---- DMS extracts

    def read_dms(self, files, day, ids):
        """Import and screen the extracts, file by file in order of name."""
        seen = {"rows": 0, "new": 0, "changed": 0, "again": 0,
                "failed_rows": Counter(), "new_verdicts": Counter()}
        changed = set()
        for name, data in sorted(files):
            source = next((s for s in SOURCES if fnmatch.fnmatchcase(name, s.pattern)), CANONICAL)
            needed = [source.columns.get(c, c) for c in REQUIRED if c not in source.constants]
            try:
                table = read_table(data, source.encoding, source.delimiter, needed)
            except (ValueError, UnicodeError):
                self.now.refused.append(("dms", name))
                continue
            self.now.taken.append(("dms", name))
            for line, cells in table:
                seen["rows"] += 1
                row, faults = canonical_row(cells, source, day)
                if faults:
                    self._reject("dms", name, line, *faults)
                else:
                    self.take_row(row, day, ids, seen, changed)
        seen["changed_once"] = min(len(changed), seen["changed"])
        return seen

    def take_row(self, row, day, ids, seen, changed):
        """One accepted row: a new transaction, or news about a known one."""
        key = (row["country"], row["dealer_code"], row["record_type"], row["transaction_id"])
        txn = self.transactions.get(key)
        if txn is None:
            seen["new"] += 1
            txn = self.transactions[key] = Transaction(key, row, row["_event"])
        else:
            seen["again"] += 1
            if row != txn.last_row:
                seen["changed"] += 1
                changed.add(key)
        txn.last_row = row
        case = txn.case
        if case and case.contacted:
            for name in CONTACT_FIELDS:
                txn.row[name] = row[name]
            if row["status"] == "cancelled":
                txn.row["status"] = "cancelled"
            return
        txn.row, txn.event_date = dict(row), row["_event"]
        reason = self.screen(txn, day)
        outcome = "screened_out" if reason else "eligible"
        if (outcome, reason) != (txn.outcome, txn.reason):
            txn.verdict_on = day
            if reason:
                seen["new_verdicts"][reason] += 1
        txn.outcome, txn.reason, txn.screened_on = outcome, reason, day
        if reason:
            seen["failed_rows"][reason] += 1
            if case and case.is_open:
                self.close(case, reason)
        elif case is None:
            self.serial += 1
            case = txn.case = Case(ids.get(key, f"MODEL-{self.serial:06}"), txn)
            self.cases[case.id] = case
            self.now.opened.append(case)
        elif not case.is_open and case.state == "closed" \
                and case.close_reason not in NEVER_REOPENED and not case.response:
            case.state, case.close_reason = "waiting", ""
            case.times_opened += 1
            self.now.opened.append(case)

    # ---- decisions

    def decide(self, day):
        """One decision per open case, in the order that the rest rule asks for."""
        order = sorted((c for c in self.cases.values() if c.is_open),
                       key=lambda c: (c.txn.event_date, c.id))
        for case in order:
            self.decide_one(case, day)

    def decide_one(self, case, day):
        """The contact plan, row by row."""
        row, state = case.txn.row, case.state
        if self.opted_out_of_all(row, case):
            return self.close(case, "opted_out")
        if row["status"] == "cancelled":
            return self.close(case, "transaction_cancelled")
        if state != "with_vendor" and case.above_window(day):
            return self.close(case, "window_closed")
        if state == "waiting":
            return self.decide_waiting(case, day)
        if state in ("invited", "reminded"):
            return self.decide_mailed(case, day)
        if state == "with_vendor" and day > case.call_until + timedelta(self.set.grace):
            return self.close(case, "window_closed")
        return None

    def decide_waiting(self, case, day):
        """The first contact, if it is due."""
        row = case.txn.row
        if case.age(day) < case.window.from_day:
            return
        email, phones = self.usable_email(row), self.usable_phones(row)
        if not email and not phones:
            self.close(case, "no_contact_channel")
        elif self.recently_contacted(row, day, case):
            self.close(case, "recently_contacted")
        else:
            case.rest_identity = self.identity(row)
            if email:
                case.state, case.invited_on = "invited", day
                self.now.mails.append((case, "invitation", email))
            else:
                self.queue(case, "no_email", day)

    def decide_mailed(self, case, day):
        """Reminder or telephone after a mail."""
        row = case.txn.row
        email, phones = self.usable_email(row), self.usable_phones(row)
        failed = ("reminder" if case.reminded_on else "invitation") in case.undelivered
        if failed or not email:
            address = self.identifying_email(row["email"])
            opted = row["email_opt_out"] == "Y" or address in self.email_optout
            if not phones:
                self.close(case, "no_contact_channel")
            else:
                self.queue(case, "email_opt_out" if opted else "email_undeliverable", day)
                if opted and (failed or address in self.email_dead):
                    case.phone_reason_alt = "email_undeliverable"
        elif case.state == "invited":
            if day >= case.invited_on + timedelta(self.set.to_reminder):
                case.state, case.reminded_on = "reminded", day
                self.now.mails.append((case, "reminder", email))
        elif day >= case.reminded_on + timedelta(self.set.to_phone):
            if phones:
                self.queue(case, "no_response", day)
            else:
                self.close(case, "no_response")

    def queue(self, case, reason, day):
        """Put a case into the phone queue."""
        case.state, case.phone_reason, case.phone_on = "phone_queued", reason, day
        case.phone_reason_alt = ""
        case.first_phone_on = case.first_phone_on or day

    def release(self, day):
        """Hand everything in the queue to the vendor."""
        for case in sorted(self.cases.values(), key=lambda c: c.id):
            if case.state != "phone_queued":
                continue
            row, market = case.txn.row, case.txn.market
            phones = self.usable_phones(row)
            to_day = case.window.to_day
            case.call_until = day + timedelta(self.set.phone_days) if to_day is None \
                else case.txn.event_date + timedelta(to_day)
            case.state, case.listed = "with_vendor", tuple(phones)
            self.now.released.append({
                "case": case, "case_id": case.id, "survey": case.txn.survey, "market": market.code,
                "language": row["language"], "reason": case.phone_reason,
                "respondent_name": row["customer_name"], "phone_1": phones[0],
                "phone_2": phones[1] if len(phones) > 1 else "",
                "call_from": day, "call_until": case.call_until, "time_zone": market.time_zone,
                "dealer_code": row["dealer_code"], "dealer_name": row["dealer_name"],
                "model": row["model"], "event_date": case.txn.event_date})

    def language(self, row):
        """The language of a mail: the row's, its primary subtag's, or the market's first."""
        wanted = row["language"]
        for tag in (wanted, wanted.split("-")[0]):
            if tag and tag in self.set.templates:
                return tag
        return MARKETS[row["country"]].languages[0]


def canonical_row(cells, source, day):
    """(row, faults) of one record of a DMS file."""
    if cells is None:
        return None, {"malformed_row"}
    faults, row = set(), {}
    for name in COLUMNS:
        value = source.constants.get(name, cells.get(source.columns.get(name, name), ""))
        table = source.values.get(name)
        if value and name not in source.constants and table is not None:
            if value not in table:
                faults.add("bad_code")
            value = table.get(value, "?")
        if value and name in CODES and value not in CODES[name]:
            faults.add("bad_code")
        row[name] = value
    needed = REQUIRED + (["payment_type"] if row["record_type"] == "service" else [])
    if any(not row[name] for name in needed):
        faults.add("missing_value")
    row["vin"] = row["vin"].upper()
    if row["vin"] and not re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", row["vin"]):
        faults.add("bad_vin")
    row["_event"] = parse_date(row["event_date"], source.dates)
    row["_purchase"] = parse_date(row["purchase_date"], source.dates)
    if row["event_date"] and not row["_event"] or row["purchase_date"] and not row["_purchase"]:
        faults.add("bad_date")
    if row["_event"] and row["_event"] > day:
        faults.add("future_event_date")
    if row["mileage_km"] and not re.fullmatch(r"\d+", row["mileage_km"]):
        faults.add("bad_number")
    for flag in ("email_opt_out", "phone_opt_out"):
        row[flag] = row[flag] or "N"
    row["status"] = row["status"] or "active"
    return row, faults


def instant(text):
    """An ISO 8601 instant with offset, or None."""
    try:
        value = datetime.fromisoformat(re.sub(r"\.\d+", "", text.replace("Z", "+00:00")))
    except ValueError:
        return None
    return value if value.tzinfo else None
