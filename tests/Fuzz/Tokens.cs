namespace Fuzz;

/// <summary>What has broken readers and writers before, here or elsewhere.</summary>
internal static class Tokens
{
    /// <summary>Pieces of text.</summary>
    public static IReadOnlyList<string> Texts { get; } =
    [
        // quotes, delimiters, line ends
        "\"", "\"\"", "\"\"\"", "'", ",", ";", "\t", "|", "\r\n", "\n", "\r", "\n\r", "\"\r\n\"", "\",\"", "\"a\nb\"c\n", "\"a\n", "\u2028", "\u0085", "\u000b", "\u000c", " ", "  ", "\u00a0", "\u3000",
        // what is no text
        "\0", "\u0001", "\u001b[31m", "\u001b]0;owned\u0007", "\u001b[2J\u001b[H", "\u009b2J", "\b\b\b", "\u007f", "\ufeff", "\uffff", "\ufffe", "\ufffd", "\ufdd0", "\ufdd11\ufdd1", "\u001f", "\u001e",
        // directions of writing, joiners, marks upon marks
        "\u202eesrever", "\u202d", "\u202a\u202b\u202c", "\u2066\u2067\u2068\u2069", "\u200f", "\u200b", "\u200d", "\u00ad", "Z\u0351\u0327\u0312\u0327\u0321", "\u06dd",
        // formulas
        "=1+1", "=cmd|'/c calc'!A1", "+61412345678", "-2+3", "@SUM(A1:A9)", "＝1+1", "＋1", "－1", "＠x", "\t=1", "\r=1", " =1", "=HYPERLINK(\"http://x.example\")",
        // headers and mail
        "\r\nBcc: all@mail.example", "\nBcc: all@mail.example\n\n", "%0d%0aBcc:x", "=?utf-8?B?DQpCY2M6?=", "\r\n.\r\n", "\r\n\r\n", "<a@b.example>", "a@b.example, c@d.example", "\"a b\"@mail.example",
        "x@[127.0.0.1]", "a@xn--p1ai.xn--", "a@\u0131.example", "us\u00e9r@d\u00f6main.example", "@", "a@@b.example", "a@b.example\u202e", "a@mail.example\0",
        // HTML and templates
        "<script>alert(1)</script>", "</p></body>", "<!--", "-->", "&lt;", "&#x3c;", "\" onerror=\"x", "<img src=x>", "{{name}}", "{{{name}}}", "{{#if name}}", "{{/if}}", "{{", "}}", "{{> x}}", "{{lookup . 'x'}}", "{token}",
        // SQL and paths
        "'; DROP TABLE cases; --", "../../../etc/passwd", "..\\..\\x", "/dev/zero", "C:\\nul", "keys.json", "%", "_", "*", "?", "[a-z]",
        // numbers and dates
        "0", "-0", "-1", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "99999999999999999999999999", "1e308", "1E999", "NaN", "Infinity", "0x10", "1_000", "١٢٣", "１２", "12km", "1,000",
        "0001-01-01", "9999-12-31", "2026-02-29", "2026-13-01", "0000-00-00", "1900-01-01", "2026-3-1", "31/12/9999", "2026/2/30", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.9999999-14:00",
        "2026-03-06T09:15:00", "2026-03-06T09:15:00Z", "2026-03-06T24:00:00+00:00", "2026-03-29T02:30:00+01:00", "10000-01-01",
        // codes of ours
        "sale", "service", "active", "cancelled", "individual", "warranty", "Y", "N", "email", "phone", "all", "web", "complete", "refused", "opt_out", "screened_out", "partial", "1.1", "2.11", "4.31", "4.41", "9.1",
        "AU", "NZ", "IN", "CN", "JP", "ZZ", "au", "AU-00000000", "AU-99999999999999999999", "-0000000", "JTDBR32E720012345", "IOQIOQIOQIOQIOQIO", "en", "zh-TW", "zh_TW", "hi", "xx-", "-", "en-" + "x",
        "5", "10", "yes", "no", "maintenance|repair", "|", "||", "a|a", "+61491570110", "0061 491 570 110", "０９０", "(02) 9374 4000", "00", "+", "++61", "+999999999999999999999999999999999999999999999",
        // multibyte in every encoding that we read
        "王小明", "髙橋 山﨑", "Nguyễn Văn Đạt", "अनुष्का", "𠮷野家", "\U0001f697", "é", "ﬁ", "①㈱", "ｱｲｳ", "ß", "İ",
        // JSON
        "null", "true", "{}", "[]", "\"\\ud800\"", "\\ud800", "\\u0000", "\\u202e", "//", "/*", "1.5", "{\"a\":1,\"a\":2}", "\"\\uDC00\\uD800\"", ":", "}", "]", "{", "[",
        // MIME
        "Content-Type: multipart/mixed; boundary=\"b\"", "Content-Type: multipart/report; report-type=delivery-status; boundary=b", "Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: quoted-printable",
        "Content-Type: message/delivery-status", "Action: failed", "Status: 5.1.1", "Status: 9.999.999", "Status: 5.2147483648.1", "Final-Recipient: rfc822; a@b.example", "Original-Recipient: utf-8; \\x{10FFFF}\\x{110000}\\x{D800}",
        "--b", "--b--", "=3D=\r\n", "=ZZ", "boundary*0*=utf-8''%62;boundary*1=x", "boundary*99999999999=x", "From: MAILER-DAEMON", "Return-Path: <>", "Auto-Submitted: auto-replied", ": ", "\r\n ", "Received: x",
    ];

    /// <summary>Bytes that no text, or another encoding's text, is made of.</summary>
    public static IReadOnlyList<byte[]> Bytes { get; } =
    [
        [0x00], [0xFF], [0xFE, 0xFF], [0xFF, 0xFE], [0xEF, 0xBB, 0xBF], [0x2B, 0x2F, 0x76, 0x38], [0x84, 0x31, 0x95, 0x33], // marks, of UTF-7 and GB 18030, too
        [0xC0, 0xAF], [0xC0, 0x80], [0xE0, 0x80, 0xAF], [0xF0, 0x80, 0x80, 0xAF], // overlong
        [0xED, 0xA0, 0x80], [0xED, 0xB0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], // surrogates, beyond Unicode
        [0x80], [0xBF], [0xC3], [0xE4, 0xB8], [0xF0, 0x9F, 0x9A], // cut off
        [0x81], [0x81, 0x30], [0x81, 0x30, 0x81], [0x81, 0x30, 0x81, 0x30], [0xE3, 0x32, 0x9A, 0x35], [0x90, 0x30, 0x81, 0x30], [0xFE, 0xFE], [0xA2, 0xAB], // GB 18030
        [0xA4], [0xA4, 0x5C], [0xF9, 0xFE], [0xA1, 0x40], [0x87, 0x40], // Big5; 0x5C is a backslash inside a character
        [0x82], [0x83, 0x5C], [0x95, 0x5C], [0xEE, 0xE0], [0xFA, 0xFC], [0x81, 0x7C], [0xA0], [0xFD], // Shift JIS
        [0x1B, 0x24, 0x42], [0x1B, 0x28, 0x42], [0x0E], [0x0F], // shifts of ISO 2022
        [0x1A], [0x0C], [0x7F], [0x50, 0x4B, 0x03, 0x04], [0x1F, 0x8B, 0x08],
    ];
}
