"""Secrets: one table of positives and near misses per rule. The keys are made up."""

import pytest

B36 = "abcdefghij0123456789ABCDEFGHIJ012345"
HEX = "0123456789abcdef"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlMTIz"
PEM_LINE = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
PEM = f"-----BEGIN PRIVATE KEY-----\n{PEM_LINE}\n{PEM_LINE}\nMzEf\n-----END PRIVATE KEY-----"

API_KEYS = [
    ("AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
    ("密钥ASIAIOSFODNN7EXAMPLE。", "ASIAIOSFODNN7EXAMPLE"),
    (f"ghp_{B36}", f"ghp_{B36}"),
    (f"token github_pat_{B36[:22]}", f"github_pat_{B36[:22]}"),
    ("glpat-abcdefghij0123456789", "glpat-abcdefghij0123456789"),
    ("sk_" + "live_abcdefghij012345", "sk_" + "live_abcdefghij012345"),
    ("sk-proj-abcdefghij0123456789", "sk-proj-abcdefghij0123456789"),
    ("sk-ant-api03-abcdefghij0123456789", "sk-ant-api03-abcdefghij0123456789"),
    ("xoxb-" + "123456789012-abcdefghij", "xoxb-" + "123456789012-abcdefghij"),
    ("AIza" + B36[:35], "AIza" + B36[:35]),
    (f"npm_{B36},", f"npm_{B36}"),
    (f"Cookie: jwt={JWT}", JWT),
    # near misses
    ("sk-short", None),
    ("sk-a-very-long-kebab-case-class-name", None),
    ("AKIAIOSFODNN7EXAMPL", None),
    ("XAKIAIOSFODNN7EXAMPLE", None),
    (f"ghp_{B36[:35]}", None),
    (f"ghx_{B36}", None),
    ("glpat-short", None),
    ("sk_live_short", None),
    ("AIza" + B36[:30], None),
    ("eyJhbGciOiJIUzI1NiJ9.only.two", None),
]

LABELLED = [
    ("api_key=abcdef0123456789", "abcdef0123456789"),
    ("API key: abcdef-0123-456789", "abcdef-0123-456789"),
    ('"apiKey": "abcdef0123456789"', "abcdef0123456789"),
    ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCY1", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY1"),
    ("client-secret: 8Q~abcdefghij.klm", "8Q~abcdefghij.klm"),
    (
        ";AccountKey=abcdefghij0123456789abcdefghij01234567==;",
        "abcdefghij0123456789abcdefghij01234567==",
    ),
    ("Authorization: Bearer abcdefghij0123456789", "abcdefghij0123456789"),
    ("Authorization: Basic dXNlcjpwYXNzd29yZDE=", "dXNlcjpwYXNzd29yZDE="),
    ("密钥：abcdef0123456789", "abcdef0123456789"),
    ("访问令牌为abcdef0123456789。", "abcdef0123456789"),
    ("the token is abcdef0123456789", "abcdef0123456789"),
    # near misses
    ("api key: none", None),
    ("the key is understanding", None),
    ("the token is 12345", None),
    ("monkey=abcdef0123456789", None),
    ("key: internationalisation", None),
    ("secret: keep it to yourself", None),
    ("bearer of bad news 2019", None),
    ("basic income in 2019", None),
    ("密钥管理制度2019", None),
    ("tokens 0123456789abcdef", None),
]

PRIVATE_KEYS = [
    (PEM, PEM),
    (f"see\n{PEM}\nend", PEM),
    (PEM.replace("PRIVATE", "RSA PRIVATE"),) * 2,
    (PEM.replace("PRIVATE", "EC PRIVATE"),) * 2,
    (PEM.replace("PRIVATE", "OPENSSH PRIVATE"),) * 2,
    (PEM.replace("PRIVATE", "ENCRYPTED PRIVATE"),) * 2,
    (PEM.replace("PRIVATE", "DSA PRIVATE"),) * 2,
    (PEM.replace("\n", "\\n"),) * 2,
    (PEM.replace("\n", "\r\n"),) * 2,
    (f"私钥：{PEM}", PEM),
    (PEM.partition("-----END")[0].rstrip(),) * 2,
    (PEM_LINE, PEM_LINE),
    ("MzEf\n-----END PRIVATE KEY-----",) * 2,
    # near misses
    (PEM.replace("PRIVATE", "PUBLIC").replace(PEM_LINE, "short"), None),
    ("-----BEGIN CERTIFICATE-----", None),
    ("BEGIN PRIVATE KEY", None),
    ("-----BEGIN PRIVATE-----", None),
    ("--BEGIN PRIVATE KEY--", None),
    (HEX * 4, None),
    ("a" * 64, None),
    (PEM_LINE[:-1], None),
    (PEM_LINE + "A", None),
    ("a private key", None),
]

CONNECTIONS = [
    (text, text)
    for text in [
        "postgres://app:s3cret@db.example.com/main",
        "postgresql+psycopg://app:s3cret@db.example.com:5432/main",
        "mysql://root:toor@127.0.0.1:3306/shop",
        "mongodb+srv://u:p%40ss@cluster0.example.net/test?retryWrites=true",
        "redis://:hunter2@cache.example.com:6379/0",
        "amqp://guest:guest@rabbit:5672",
        "https://bob:pass@example.com/x",
        "ftp://bob:pass@files.example.com",
        "mssql://sa:P!ss,w0rd@host/db",
        "smtp://mailer:abc123@mail.example.com:587",
    ]
] + [
    ("postgres://db.example.com/main", None),
    ("https://example.com:8080/x", None),
    ("postgres://app@db.example.com/main", None),
    ("http://example.com/a:b@c", None),
    ("app:s3cret@db.example.com", None),
    ("://a:b@c", None),
    ("postgres:// app:s3cret@db", None),
    ("redis://host:6379", None),
    ("mongodb://host:1,host:2", None),
    ("https://example.com/@user:name", None),
]

PASSWORDS = [
    ("password: hunter22!", "hunter22!"),
    ("Password=Tr0ub4dor&3;", "Tr0ub4dor&3"),
    ("pwd: abc123", "abc123"),
    ("DB_PASSWORD='s3cret'", "s3cret"),
    ("password is Hunter22.", "Hunter22"),
    ("his passcode was 482910", "482910"),
    ("密码是Hunter22", "Hunter22"),
    ("密码：abc123456，", "abc123456"),
    ("登录密码为Abc@2024", "Abc@2024"),
    ('passphrase: "correct-horse"', "correct-horse"),
    ("passwd = x7$kL9", "x7$kL9"),
    # near misses
    ("the password policy", None),
    ("the password is required", None),
    ("password was changed", None),
    ("passwords: hunter22", None),
    ("password is 1", None),
    ("密码已修改", None),
    ("密码是什么", None),
    ("xpassword: hunter22", None),
    ("password:", None),
    ("password: ab", None),
]

RULES = {
    "Api key": API_KEYS,
    "Labelled secret": LABELLED,
    "Private key": PRIVATE_KEYS,
    "Connection string": CONNECTIONS,
    "Password": PASSWORDS,
}


@pytest.mark.parametrize(
    ("kind", "text", "surface"),
    [
        (kind, *case)
        for kind, table in [
            ("API_KEY", API_KEYS + LABELLED),
            ("PRIVATE_KEY", PRIVATE_KEYS),
            ("CONNECTION_STRING", CONNECTIONS),
            ("PASSWORD", PASSWORDS),
        ]
        for case in table
    ],
)
@pytest.mark.parametrize("tag", ["en", "zh"])
def test_secret(found, kind, text, surface, tag):
    got = [s for t, s in found(text, tag) if t == kind]
    assert got == ([] if surface is None else [surface])
