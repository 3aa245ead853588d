# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# malformed: requests that each server must refuse with 400, as printf(1) has them; and names that must not be served.

# Percent escapes that are bad or mean what is no name: NUL, slashes, dots, over-long and otherwise broken UTF-8.
# shellcheck disable=SC2034 # the suites use it
illegal_names=(%zz % %2 %00 a%00b %2F a%2Fb %2e%2e %2E %2E. ..%2F..%2F %5C..%5C %C0%AF %C0%80 %E0%80%AF %F0%80%80%AF %ED%A0%80
	%F4%90%80%80 %FF %C3 a%20b a%3Ab %2A a%3F %5Ba%5D %5C %0D%0A %7F %C2%85 %E2%80%A8 %E2%80%A9 %2500%zz 'a:b' 'a*' 'a[b]')

each_malformed() { # PATH FUNCTION: calls it for each
	local path=$1 malformed=$2 line
	line="GET $path HTTP/1.1\r\nHost: a\r\n"
	"$malformed" "GET $path HTTP/1.1\nHost: a\n\n"
	"$malformed" "GET $path HTTP/1.1\r\nHost: a\n\r\n"
	"$malformed" "${line}\n"
	"$malformed" "GET $path HTTP/1.1\rHost: a\r\n\r\n"
	"$malformed" "GET  $path HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET $path  HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET $path HTTP/1.1 \r\nHost: a\r\n\r\n"
	"$malformed" " GET $path HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET\t$path\tHTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET $path HTTP/1.1 x\r\nHost: a\r\n\r\n"
	"$malformed" "GET $path\r\n"
	"$malformed" "GET $path HTTP/1\r\nHost: a\r\n\r\n"
	"$malformed" "GET $path http/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET $path HTTP/1.11\r\nHost: a\r\n\r\n"
	"$malformed" "G@T $path HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "${line}X: a\r\n b\r\n\r\n"
	"$malformed" "${line}X: a\r\n\tb\r\n\r\n"
	"$malformed" "GET $path HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n"
	"$malformed" "${line}Host: a\r\n\r\n"
	"$malformed" "${line}host: b\r\n\r\n"
	"$malformed" "GET $path HTTP/1.1\r\n\r\n"
	"$malformed" "GET $path HTTP/1.1\r\nHost: a b\r\n\r\n"
	"$malformed" "GET $path HTTP/1.1\r\nHost: a/b\r\n\r\n"
	"$malformed" "${line}X : a\r\n\r\n"
	"$malformed" "GET $path HTTP/1.1\r\nHost : a\r\n\r\n"
	"$malformed" "${line}X\t: a\r\n\r\n"
	"$malformed" "${line}: a\r\n\r\n"
	"$malformed" "${line}no colon\r\n\r\n"
	"$malformed" "${line}X(y): a\r\n\r\n"
	"$malformed" "${line}X: a\001b\r\n\r\n"
	"$malformed" "${line}X: a\000b\r\n\r\n"
	"$malformed" "${line}X: a\177b\r\n\r\n"
	"$malformed" "${line}X: a\rb\r\n\r\n"
	"$malformed" "${line}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
	"$malformed" "${line}Content-Length: 1\r\nContent-Length: 2\r\n\r\n"
	"$malformed" "${line}Content-Length: +1\r\n\r\n"
	"$malformed" "${line}Content-Length: 1, 2\r\n\r\n"
	"$malformed" "${line}Content-Length: 0x1\r\n\r\n"
	"$malformed" "${line}Content-Length:\r\n\r\n"
	"$malformed" "GET $path HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"
	"$malformed" "GET ${path}#fragment HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET ${path}\001 HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET ${path}\303\251 HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET ${path}?since=\377 HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET ${path}< HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET ${path}> HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET ${path}\" HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET ${path}?x=< HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET ${path#/} HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET * HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET ftp://a$path HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET http://user@a$path HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET http://$path HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "\r\n\r\nGET $path HTTP/1.1\r\nHost: a\r\n\r\n"
	"$malformed" "GET $path HTTP/1.1\r\nHost: a\r\n" # … and then nothing
	"$malformed" "\026\003\001\002\000\001\000\001\374\003\003" # TLS
}
