#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""tokens: makes tokens, right and wrong, with nothing of Spout's, and shows them to `sp-sse --inetd`, or to the server
at SOCKET.

	tokens.py good|bad PROJECT PATH [SOCKET]   in a directory with the keys hs, rsa.pem, ec.pem, ed.pem and their .pub

Prints a line for each token: the status that it was answered with, a tab, what the token is. The server has all
keys. PATH is a stage of PROJECT named s."""
import base64
import hashlib
import hmac
import json
import socket
import subprocess
import sys
import time

KEYS = ("hs", "rsa.pub", "ec.pub", "ed.pub")
NOW = int(time.time())
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def text(value):
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def openssl(*args, data):
    return subprocess.run(("openssl", *args), input=data, stdout=subprocess.PIPE, check=True).stdout


def hs256(data, secret=None):
    secret = secret if secret is not None else open("hs", "rb").read().removesuffix(b"\n")
    return hmac.new(secret, data, hashlib.sha256).digest()


def rs256(data, key="rsa.pem"):
    return openssl("dgst", "-sha256", "-sign", key, data=data)


def es256_der(data, key="ec.pem"):
    return openssl("dgst", "-sha256", "-sign", key, data=data)


def es256(data, key="ec.pem"):
    der = es256_der(data, key)
    n = der[3]
    r, s = der[4 : 4 + n], der[6 + n :]
    return b"".join(x.lstrip(b"\0").rjust(32, b"\0") for x in (r, s))


def eddsa(data, key="ed.pem"):
    with open("signed", "wb") as f:  # pkeyutl wants to know how long it is
        f.write(data)
    return openssl("pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", "signed", data=b"")


def token(header, claims, sign):
    signed = b64(text(header)) + b"." + b64(text(claims))
    return signed + b"." + b64(sign(signed))


def answer(path, request_token, field=b"Authorization: Bearer "):
    request = b"GET %s HTTP/1.1\r\nHost: a\r\n%s%s\r\n\r\n" % (path.encode(), field, request_token)
    got = ask_server(request) if len(sys.argv) > 4 else ask_inetd(request)
    line = got.split(b"\r\n", 1)[0].split(b" ")
    return line[1].decode() if len(line) > 1 else "nothing"


def ask_inetd(request):
    keys = [arg for key in KEYS for arg in ("--key", key)]
    return subprocess.run(("sp-sse", "--inetd", "-q", *keys), input=request, stdout=subprocess.PIPE, timeout=20).stdout


def ask_server(request):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(sys.argv[4])
        s.sendall(request)
        return s.recv(4096)


def spelled(claims, **changes):
    return {**claims, **changes}


def good(project):
    claims = {"exp": NOW + 600, "nbf": NOW - 5, "sp": {"sub": [f"project/{project}/s"]}}
    for alg, sign in (("HS256", hs256), ("RS256", rs256), ("ES256", es256), ("EdDSA", eddsa)):
        yield alg, token({"alg": alg, "typ": "JWT"}, claims, sign)
    header = {"alg": "HS256"}
    yield "no typ", token(header, claims, hs256)
    yield "typ, kid, jku, jwk, x5u that mean nothing", token(
        {"alg": "HS256", "typ": "at+jwt", "kid": "../../etc/passwd", "jku": "http://127.0.0.1:1/", "x5u": "file:///",
         "jwk": {"kty": "oct", "k": "AAAA"}}, claims, hs256)
    yield "other claims", token(header, spelled(claims, iss="joe", aud=["a"], sub=7, iat=NOW, jti=None), hs256)
    yield "a fraction of a second", token(header, spelled(claims, exp=NOW + 600.5), hs256)
    yield "a list with other patterns", token(
        header, spelled(claims, sp={"sub": ["x", f"project/{project}/*"], "new": {}}), hs256)
    yield "all projects", token(header, spelled(claims, sp={"sub": ["project/*/*"]}), hs256)
    yield "escapes", token(
        header, b'{"\\u0065xp":%d,"sp":{"sub":["project\\/%s\\/\\u0073"]}}' % (NOW + 600, project.encode()), hs256)


def bad_headers(claims):
    for alg in ("none", "None", "NONE", "nOnE", "none ", "", "HS256 ", "hs256", "HS384", "HS512", "RS384", "PS256",
                "ES384", "ES256K", "EdDSA25519", "Ed25519", "HMAC", None, 0, True, ["HS256"], {"a": "HS256"}):
        yield f"alg {alg!r}, signed with the secret", token({"alg": alg}, claims, hs256)
    for alg in ("none", "None", "NONE", "nOnE"):
        signed = b64(text({"alg": alg})) + b"." + b64(text(claims))
        yield f"alg {alg}, no signature", signed + b"."
        yield f"alg {alg}, no third part", signed
    yield "no alg", token({"typ": "JWT"}, claims, hs256)
    yield "alg twice", token(b'{"alg":"HS256","alg":"HS256"}', claims, hs256)
    yield "alg twice, once escaped", token(b'{"alg":"none","\\u0061lg":"HS256"}', claims, hs256)
    yield "typ twice", token(b'{"typ":"JWT","alg":"HS256","typ":"JWT"}', claims, hs256)
    yield "crit", token({"alg": "HS256", "crit": ["exp"], "exp": NOW}, claims, hs256)
    yield "crit, empty", token({"alg": "HS256", "crit": []}, claims, hs256)
    yield "b64", token({"alg": "HS256", "b64": False}, claims, hs256)
    yield "a header that is no object", token(b'"HS256"', claims, hs256)
    yield "a header that is no JSON", token(b"{alg:HS256}", claims, hs256)
    yield "a header with something behind", token(b'{"alg":"HS256"}{}', claims, hs256)
    yield "a header with a NUL", token(b'{"alg":"HS256\0"}', claims, hs256)
    yield "a header with a byte-order mark", token(b'\xef\xbb\xbf{"alg":"HS256"}', claims, hs256)


def bad_keys(claims):
    for key in ("rsa.pub", "ec.pub", "ed.pub"):
        pem = open(key, "rb").read()
        for what, secret in (("", pem), (" without its newline", pem.rstrip(b"\n")),
                             (" in DER", openssl("pkey", "-pubin", "-in", key, "-outform", "DER", data=b""))):
            yield f"HS256 with {key}{what} as the secret", token({"alg": "HS256"}, claims, lambda d: hs256(d, secret))
    for what, secret in (("empty", b""), ("another", b"x" * 32), ("with its newline", open("hs", "rb").read())):
        yield f"HS256, the secret {what}", token({"alg": "HS256"}, claims, lambda d: hs256(d, secret))
    for alg, sign, key in (("RS256", rs256, "rsa"), ("ES256", es256, "ec"), ("EdDSA", eddsa, "ed")):
        yield f"{alg}, another key", token({"alg": alg}, claims, lambda d: sign(d, f"{key}-other.pem"))
    jwk = {"kty": "OKP", "crv": "Ed25519",
           "x": b64(openssl("pkey", "-in", "ed-other.pem", "-pubout", "-outform", "DER", data=b"")[-32:]).decode()}
    for name, value in (("jwk", jwk), ("jku", "https://example.com/keys"), ("x5u", "https://example.com/cert"),
                        ("x5c", ["AAAA"]), ("kid", "ed-other.pem"), ("kid", "/dev/null"), ("kid", "' OR 1=1 --")):
        yield f"another key, named by {name}", token(
            {"alg": "EdDSA", name: value}, claims, lambda d: eddsa(d, "ed-other.pem"))
    for alg, sign in (("RS256", hs256), ("ES256", hs256), ("EdDSA", hs256), ("HS256", rs256), ("RS256", es256),
                      ("ES256", eddsa), ("EdDSA", es256), ("ES256", rs256)):
        yield f"{alg}, signed as {sign.__name__}", token({"alg": alg}, claims, sign)


def bad_signatures(claims):
    for alg, sign in (("HS256", hs256), ("RS256", rs256), ("ES256", es256), ("EdDSA", eddsa)):
        header, body = b64(text({"alg": alg})), b64(text(claims))
        signature = sign(header + b"." + body)
        signed = header + b"." + body
        for what, value in (("of nothing", b""), ("a byte short", signature[:-1]), ("a byte more", signature + b"\0"),
                            ("with a NUL in front", b"\0" + signature), ("of zeros", b"\0" * len(signature)),
                            ("the last bit flipped", signature[:-1] + bytes([signature[-1] ^ 1])),
                            ("the first bit flipped", bytes([signature[0] ^ 0x80]) + signature[1:]),
                            ("the half", signature[: len(signature) // 2]), ("twice", signature * 2)):
            yield f"{alg}, the signature {what}", signed + b"." + b64(value)
        other = b64(text({"alg": alg, "typ": "JWT"}))
        yield f"{alg}, the signature of another header", other + b"." + body + b"." + b64(signature)
        more = b64(text(spelled(claims, exp=NOW + 601)))
        yield f"{alg}, the signature of other claims", header + b"." + more + b"." + b64(signature)
    signed = b64(text({"alg": "ES256"})) + b"." + b64(text(claims))
    r, s = (es256(signed)[i : i + 32] for i in (0, 32))
    order = P256_ORDER.to_bytes(32, "big")
    for what, value in (("in DER", es256_der(signed)), ("r = 0", bytes(32) + s), ("s = 0", r + bytes(32)),
                        ("r = s = 0", bytes(64)), ("r and s swapped", s + r), ("r = the order", order + s),
                        ("s = the order", r + order), ("63 bytes", r + s[:-1]), ("65 bytes", r + s + b"\0"),
                        ("66 bytes, as for P-521", b"\0" + r + b"\0" + s), ("all ones", b"\xff" * 64)):
        yield f"ES256, {what}", signed + b"." + b64(value)
    signed = b64(text({"alg": "EdDSA"})) + b"." + b64(text(claims))
    signature = eddsa(signed)
    s = int.from_bytes(signature[32:], "little")
    for n in (1, 2, 7):
        if s + n * ED25519_ORDER < 2**256:
            yield f"EdDSA, s plus {n} orders", signed + b"." + b64(
                signature[:32] + (s + n * ED25519_ORDER).to_bytes(32, "little"))
    yield "EdDSA, the neutral point", signed + b"." + b64(b"\1" + bytes(63))


def bad_claims(claims, project):
    header = {"alg": "HS256"}
    exp, sub = NOW + 600, f"project/{project}/s"
    times = {"missing": b"", "in the past": b'"exp":%d,' % (NOW - 1), "now": b'"exp":%d,' % (NOW - 0),
             "zero": b'"exp":0,', "negative": b'"exp":-%d,' % exp, "a string": b'"exp":"%d",' % exp,
             "null": b'"exp":null,', "true": b'"exp":true,', "a list": b'"exp":[%d],' % exp,
             "an object": b'"exp":{"exp":%d},' % exp, "NaN": b'"exp":NaN,', "Infinity": b'"exp":Infinity,',
             "1e999": b'"exp":1e999,', "2^53": b'"exp":9007199254740992,', "2^63": b'"exp":9223372036854775808,',
             "2^64 and a bit": b'"exp":18446744073709551617,', "hexadecimal": b'"exp":0x7fffffff,',
             "with a plus": b'"exp":+%d,' % exp, "with a zero in front": b'"exp":0%d,' % exp,
             "of a thousand digits": b'"exp":1%s,' % (b"0" * 999), "in other letters": b'"Exp":%d,' % exp,
             "twice": b'"exp":%d,"exp":%d,' % (exp, exp), "twice, once past": b'"exp":1,"exp":%d,' % exp,
             "twice, once escaped": b'"exp":%d,"\\u0065xp":%d,' % (exp, exp)}
    grants = b'"sp":{"sub":["%s"]}' % sub.encode()
    for what, value in times.items():
        yield f"exp {what}", token(header, b"{" + value + grants + b"}", hs256)
    for nbf in (NOW + 300, "0", None, [], True, -1, 1e300):
        yield f"nbf {nbf!r}", token(header, spelled(claims, nbf=nbf), hs256)
    yield "nbf twice", token(header, b'{"nbf":0,"nbf":0,"exp":%d,%s}' % (exp, grants), hs256)
    for sp in (None, [], "x", 1, [sub], sub, {}, {"sub": sub}, {"sub": None}, {"sub": {}}, {"sub": {sub: 1}},
               {"sub": [[sub]]}, {"sub": [sub, None]}, {"sub": [sub, 1]}, {"sub": [sub], "pub": "x"}, {"pub": [sub]},
               {"Sub": [sub]}):
        yield f"sp {sp!r}", token(header, spelled(claims, sp=sp), hs256)
    yield "sp twice", token(header, b'{"exp":%d,"sp":{},%s}' % (exp, grants), hs256)
    yield "sub twice", token(header, b'{"exp":%d,"sp":{"sub":[],"sub":["%s"]}}' % (exp, sub.encode()), hs256)
    yield "sub outside sp", token(header, {"exp": exp, "sub": [sub]}, hs256)
    yield "no sp", token(header, {"exp": exp}, hs256)
    for body in (b"", b"null", b"[]", b'"a"', b"{", b"{}", text(claims) + b"x", text(claims)[:-1], b"\xff" + text(claims),
                 text(claims)[:-1] + b',"x":"\xff"}', text(claims)[:-1] + b",}", b"\0" + text(claims),
                 text(claims) + b"\0", text(claims)[:-1] + b',"x":%s1%s}' % (b"[" * 300, b"]" * 300)):
        yield f"claims {body[:20]!r}", token(header, body, hs256)
    other = f"project/{project}"
    for pattern in ("**", "*", "*/*/*", "project/**", "project/*", f"{other}/?", f"{other}/[s]", f"{other}/[a-z]",
                    f"{other}/%2A", f"{other}/%73", f"{other}/../s", f"{other}/./s", f"{other}/x/../s",
                    f"project/x/../{project}/s", f"../project/{project}/s", f"{other}/s/", f"{other}//s",
                    f"{other}/s/*", f"/{other}/s", f"{other}/\\s", f"{other}/S", f"PROJECT/{project}/s",
                    f"{other}/s\0", f"{other}/s\n", f" {other}/s", f"{other}/{{s,t}}", f"{other}/(s|t)", f"{other}/.*",
                    f"{other}/s$", f"^{other}/s", f"{other}x/s", f"x{other}/s", "project/*x/*", "channel/*",
                    f"channel/sp:project:{project}:stage:s", "channel/*:stage:s", f"pro*/{project}/s", ""):
        yield f"403 pattern {pattern!r}", token(header, spelled(claims, sp={"sub": [pattern]}), hs256)


def bad_texts(claims):
    right = token({"alg": "HS256"}, claims, hs256)
    header, body, signature = right.split(b".")
    for what, value in {
        "empty": b"", "a dot": b".", "two dots": b"..", "three dots": b"...", "one part": header,
        "two parts": header + b"." + body, "a dot behind": right + b".", "four parts": right + b"." + signature,
        "five parts, as of JWE": right + b".AAAA.AAAA", "no header": b"." + body + b"." + signature,
        "no claims": header + b".." + signature, "no signature": header + b"." + body + b".",
        "a dot in front": b"." + right, "padding": b".".join(p + b"=" * (-len(p) % 4) for p in right.split(b".")),
        "padding behind": right + b"=", "escaped padding": right + b"%3D", "a blank in it": header + b" ." + body + b"." + signature,
        "a tab behind, and more": right + b"\tx", "a comma and another": right + b"," + right,
        "a NUL behind": right + b"\0", "a NUL in it": header + b".\0" + body + b"." + signature,
        "a line feed in it": header + b".\n" + body + b"." + signature, "quotes": b'"' + right + b'"',
        "twice": right + b" " + right, "Bearer twice": b"Bearer " + right, "reversed": right[::-1],
        "parts swapped": body + b"." + header + b"." + signature, "not ASCII": right + b"\xc3\xa9",
        "5 KiB": right[:-1] + b"A" * 5000, "a percent escape": b"%65" + right[1:],
        "other case": right.swapcase(),
    }.items():
        yield value and what or "nothing", value
    for i, part in enumerate((header, body, signature)):
        for cut in (1, 2, 3, len(part) // 2):
            parts = [header, body, signature]
            parts[i] = part[:-cut]
            yield f"part {i + 1} without its last {cut}", b".".join(parts)
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spare = alphabet[alphabet.index(signature[-1]) ^ 1]
    yield "spare bits that are not zero", right[:-1] + bytes([spare])
    for n in range(200):  # until a part has one of the characters that the alphabets do not share
        t = token({"alg": "HS256"}, spelled(claims, jti=n), hs256)
        if b"-" in t.split(b".")[2] and b"_" in t.split(b".")[2]:
            yield "the other alphabet", t.replace(b"-", b"+").replace(b"_", b"/")
            break


def main():
    kind, project, path = sys.argv[1:4]
    claims = {"exp": NOW + 600, "sp": {"sub": [f"project/{project}/s"]}}
    if kind == "good":
        tokens = good(project)
    else:
        tokens = (t for maker in (bad_headers(claims), bad_keys(claims), bad_signatures(claims),
                                  bad_claims(claims, project), bad_texts(claims)) for t in maker)
    for what, value in tokens:
        print(answer(path, value), what, sep="\t")


main()
