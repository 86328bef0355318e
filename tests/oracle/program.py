"""The program under test: starts it, and reads what it leaves in its data directory."""
import csv
import hashlib
import io
import json
import os
import shlex
import subprocess
from email import message_from_bytes, policy
from email.utils import getaddresses

import model as m

REQUIRED_HEADERS = ("Message-ID", "X-Survey-Case-Id", "X-Survey-Contact", "List-Unsubscribe",
                    "List-Unsubscribe-Post", "Auto-Submitted", "Reply-To")


class Program:
    """Runs verbs on one data directory."""

    def __init__(self, command, cwd, data, config):
        self.command, self.cwd, self.data = shlex.split(command), cwd, data
        self.config = ["--config", str(config)] if config else []
        self.env = dict(os.environ, SURVEY_Data__SettleSeconds="0",
                        SURVEY_Mail__BounceAddress="bounces@cvp.example",
                        SURVEY_Mail__Transport="Pickup")
        self.seen_files = set()

    def run(self, *arguments):
        """(exit code, standard output, standard error) of one call."""
        done = subprocess.run(self.command + list(arguments) + self.config + ["--data", str(self.data)],
                              cwd=self.cwd, env=self.env, capture_output=True, timeout=600)
        return done.returncode, done.stdout.decode("utf-8", "replace"), \
            done.stderr.decode("utf-8", "replace")

    def drop(self, kind, name, data):
        """Put a file into an inbox."""
        folder = self.data / "inbox" / kind
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)

    def export(self, what):
        """The rows of an export as dicts; raises RuntimeError when it fails."""
        target = self.data.parent / f"{self.data.name}-export-{what}.csv"
        if target.exists():
            target.unlink()
        # Answers that are contact data are exported to those who ask for them only; every answer is compared.
        asked = ["--with-contact"] if what == "responses" else []
        code, _, err = self.run("export", what, "--format", "csv", *asked, "--out", str(target))
        if code != 0 or not target.exists():
            raise RuntimeError(f"export {what} ended with {code}: {err.strip()[:300]}")
        text = target.read_bytes().decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""))
        return list(reader.fieldnames or []), list(reader)

    def fresh(self, folder, pattern):
        """Files below a folder that were not there at the last look."""
        found = sorted((self.data / folder).rglob(pattern)) if (self.data / folder).exists() else []
        new = [p for p in found if p not in self.seen_files]
        self.seen_files.update(new)
        return new

    def new_mails(self):
        """[(mail dict, faults)] of the messages written since the last look."""
        return [read_mail(p) for p in self.fresh("mail", "*.eml")]

    def new_lists(self, pattern):
        """[(path, columns, rows, faults)] of the files for the vendor since the last look."""
        result = []
        for path in self.fresh("outbox/phone", pattern):
            data, faults = path.read_bytes(), []
            if not data.startswith(b"\xef\xbb\xbf"):
                faults.append("no BOM")
            reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
            columns = next(reader, [])
            rows = [dict(zip(columns, cells)) for cells in reader if cells]
            faults += manifest_faults(path, data, len(rows))
            result.append((path, columns, rows, faults))
        return result


def manifest_faults(path, data, rows):
    """What is wrong with the manifest beside a list."""
    manifest = path.with_name(path.name + ".manifest.json")
    if not manifest.exists():
        return ["no manifest"]
    try:
        content = json.loads(manifest.read_text("utf-8-sig"))
    except ValueError as error:
        return [f"manifest unreadable: {error}"]
    wanted = {"file": path.name, "rows": rows, "sha256": hashlib.sha256(data).hexdigest(),
              "market": path.name.split("_")[1]}
    faults = [f"manifest {k}: expected {v}, got {content.get(k)}" for k, v in wanted.items()
              if str(content.get(k)).lower() != str(v).lower()]
    if not content.get("createdAt"):
        faults.append("manifest createdAt missing")
    return faults


def read_mail(path):
    """(mail dict, faults) of one pickup file."""
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    faults = [f"header {h} missing" for h in REQUIRED_HEADERS if not message[h]]
    recipients = getaddresses([str(v) for h in ("To", "Cc", "Bcc") for v in message.get_all(h, [])])
    if len(recipients) != 1:
        faults.append(f"{len(recipients)} recipients")
    if message.get_content_type() != "multipart/alternative":
        faults.append("not multipart/alternative but " + message.get_content_type())
    kinds = [part.get_content_type() for part in message.walk()]
    faults += [f"no {k} part" for k in ("text/plain", "text/html") if k not in kinds]
    faults += [f"{part.get_content_type()} is {part.get_content_charset()}" for part in message.walk()
               if part.get_content_maintype() == "text" and
               part.get_content_charset() not in ("utf-8", "us-ascii")]
    if str(message["Auto-Submitted"] or "") != "auto-generated":
        faults.append(f"Auto-Submitted is {message['Auto-Submitted']}")
    if str(message["List-Unsubscribe-Post"] or "").strip() != "List-Unsubscribe=One-Click":
        faults.append(f"List-Unsubscribe-Post is {message['List-Unsubscribe-Post']}")
    unsubscribe = "".join(str(message["List-Unsubscribe"] or "").split())
    if unsubscribe.count("<https://") != 1:
        faults.append(f"List-Unsubscribe is {unsubscribe}")
    case_id = str(message["X-Survey-Case-Id"] or "").strip()
    if case_id and case_id in unsubscribe.split("/u/")[-1].split(">")[0]:
        faults.append("the unsubscribe link holds the case id")
    envelope = next((str(message[h]).strip("<> ") for h in
                     ("Return-Path", "X-Envelope-From", "X-Sender", "X-MailFrom") if message[h]), "")
    mail = {"file": path.name, "case_id": case_id,
            "contact": str(message["X-Survey-Contact"] or "").strip(),
            "message_id": str(message["Message-ID"] or "").strip(),
            "recipient": m.normalise_email(recipients[0][1]) if recipients else None,
            "envelope": envelope if "@" in envelope else ""}
    mail["recipient"] = mail["recipient"] or (recipients[0][1] if recipients else "")
    return mail, faults
