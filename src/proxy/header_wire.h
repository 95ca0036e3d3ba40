// SPDX-License-Identifier: ISC
// What building and reading a PROXY header share of its form in version 2.
#ifndef SOCKCTL_PROXY_HEADER_WIRE_H
#define SOCKCTL_PROXY_HEADER_WIRE_H

#define V1_SIGNATURE "PROXY "
#define V1_UNKNOWN "PROXY UNKNOWN"
#define V2_SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V2_SIGNATURE_LEN 12

#define V2_VERSION 0x20 // in the upper half of byte 12
#define V2_LOCAL 0x0 // in the lower half
#define V2_PROXY 0x1

// Byte 13: the family in its upper half, the transport in the lower one.
#define V2_UNSPEC 0x00
#define V2_INET 0x10
#define V2_INET6 0x20
#define V2_UNIX 0x30
#define V2_STREAM 0x1
#define V2_DGRAM 0x2

#define V2_UNIX_PATH 108 // bytes of a path, whatever sockaddr_un has here
#define CRC_LEN 4 // bytes of a checksum

#endif
