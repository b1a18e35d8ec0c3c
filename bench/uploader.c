/* An uploader: one connection that sends files as fast as the server takes them.
 *
 *     uploader PORT PATH BLOCK MODE
 *
 * A file is BLOCK over and over, cut where it is long enough; the size of BLOCK is a multiple of 256 KiB. It is masked
 * once, at the start, so that sending costs a copy into the kernel and nothing else. MODE says how a file is sent:
 *
 *     v1         as docs/protocol.md has it: begin, chunks within the window of acknowledged bytes, until finished
 *     messages   as messages of 256 KiB, and then a text, which is answered by the number of bytes that have come
 *     whole      as one message, which is answered by a page, as is the connection itself
 *
 * Commands come as lines on stdin, and each is answered by one line on stdout:
 *
 *     upload BYTES   -> uploaded BEGAN ENDED   (seconds on the system's monotonic clock)
 *
 * A connection that the server closes, an error that it answers, a wrong number or a passed deadline ends the uploader
 * with a sentence on stderr and status 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clock.h"

enum { CHUNK = 256 << 10, WINDOW = 16 * CHUNK, DEADLINE_MS = 120000, SMALL_BYTES = 125, TEXT_BYTES = 4096 };
enum { TEXT = 1, BINARY = 2, CLOSE = 8 };
enum mode { V1, MESSAGES, WHOLE };

static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
static enum mode mode;
static int server;
static uint8_t *block;
static size_t block_size;

/* The upload: how long it is, what of it is in frames that have begun, what the server has stored. */
static uint64_t total, framed, acknowledged, sent_before;
static bool greeted, ready, asked, finished;
static char upload_id[64];

/* The frame that is being sent: its head, with the payload of a small one behind it; the rest comes from the block. */
static uint8_t out[14 + SMALL_BYTES];
static size_t out_size, out_sent;
static uint64_t out_left;

/* The frame that is being read. */
static uint8_t head[14];
static size_t head_size;
static uint64_t length, left;
static char text[TEXT_BYTES + 1];
static uint8_t buffer[64 << 10];

static void fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fprintf(stderr, "uploader: ");
    vfprintf(stderr, format, values);
    fprintf(stderr, " (%llu of %llu bytes sent)\n", (unsigned long long)framed, (unsigned long long)total);
    va_end(values);
    exit(1);
}

static void begin_frame(int opcode, uint64_t size)
{
    int bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
    out[0] = (uint8_t)(0x80 | opcode);
    out[1] = (uint8_t)(0x80 | (bytes == 0 ? (int)size : bytes == 2 ? 126 : 127));
    for (int i = 0; i < bytes; i++)
        out[2 + i] = (uint8_t)(size >> 8 * (bytes - 1 - i));
    memcpy(out + 2 + bytes, mask, 4);
    out_size = 6 + (size_t)bytes, out_sent = 0;
}

static void begin_text(const char *words)
{
    size_t size = strlen(words);
    if (size > SMALL_BYTES)
        fail("a text of %zu bytes is more than is ever sent here", size);
    begin_frame(TEXT, size);
    for (size_t i = 0; i < size; i++)
        out[out_size++] = (uint8_t)words[i] ^ mask[i % 4];
}

/* Begin the next frame; false if there is none, or none that may be sent now. */
static bool next_frame(void)
{
    if (framed == total) {
        if (mode != MESSAGES || asked)
            return false;
        begin_text("count");
        return asked = true;
    }
    uint64_t size = mode == WHOLE || total - framed < CHUNK ? total - framed : CHUNK;
    if (mode == V1 && (!ready || framed + size > acknowledged + WINDOW))
        return false;
    begin_frame(BINARY, size);
    out_left = size;
    framed += size;
    return true;
}

static bool has_frame(void)
{
    return out_sent < out_size || out_left > 0;
}

static void send_some(void)
{
    size_t start = (size_t)((framed - out_left) % block_size);
    size_t size = out_left < block_size - start ? (size_t)out_left : block_size - start;
    struct iovec parts[2] = {{out + out_sent, out_size - out_sent}, {block + start, size}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = out_left ? 2 : 1};
    ssize_t sent = sendmsg(server, &message, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (sent < 0)
        fail("the connection is lost: %s", strerror(errno));
    size_t of_head = (size_t)sent < out_size - out_sent ? (size_t)sent : out_size - out_sent;
    out_sent += of_head;
    out_left -= (uint64_t)sent - of_head;
}

static bool is_event(const char *type)
{
    char start[64];
    snprintf(start, sizeof start, "{\"type\":\"%s\"", type);
    return strncmp(text, start, strlen(start)) == 0;
}

static const char *value_of(const char *field)
{
    const char *place = strstr(text, field);
    if (place == NULL)
        fail("no %s in %s", field, text);
    return place + strlen(field);
}

static void hear_event(void)
{
    if (is_event("error") || is_event("unknown_room")) {
        fail("the server answers %s", text);
    } else if (is_event("ready")) {
        snprintf(upload_id, sizeof upload_id, "%.*s", 32, value_of("\"upload\":\""));
        ready = true;
    } else if (is_event("ack") && ready && strstr(text, upload_id)) {
        acknowledged = strtoull(value_of("\"offset\":"), NULL, 10);
    } else if (is_event("finished")) {
        finished = true;
    }
}

static void hear_text(void)
{
    if (mode == V1) {
        hear_event();
    } else if (mode == MESSAGES) {
        if (strtoull(text, NULL, 10) != sent_before + total)
            fail("the server has counted %s bytes", text);
        finished = true;
    } else if (!greeted) {
        greeted = true;
    } else {
        finished = true;
    }
}

static void frame_ended(void)
{
    int opcode = head[0] & 15;
    head_size = 0;
    text[length < TEXT_BYTES ? length : TEXT_BYTES] = '\0';
    if (opcode == CLOSE)
        fail("the server closes: %s", length < 2 ? "" : text + 2);
    if (opcode == TEXT)
        hear_text();
}

/* Take one byte of a frame's head (RFC 6455, section 5.2); true once the head is whole. */
static bool head_byte(uint8_t byte)
{
    head[head_size++] = byte;
    if (head_size < 2)
        return false;
    size_t extra = head[1] == 126 ? 2 : head[1] == 127 ? 8 : 0;
    if (head_size < 2 + extra)
        return false;
    length = extra ? 0 : head[1];
    for (size_t i = 0; i < extra; i++)
        length = length << 8 | head[2 + i];
    left = length;
    return true;
}

static void hear(void)
{
    ssize_t size = recv(server, buffer, sizeof buffer, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (size <= 0)
        fail("the connection is lost: %s", size ? strerror(errno) : "closed");
    for (uint8_t *data = buffer, *end = buffer + size; data < end;) {
        if (left == 0) {
            if (head_byte(*data++) && left == 0)
                frame_ended();
            continue;
        }
        uint64_t at = length - left, part = left < (uint64_t)(end - data) ? left : (uint64_t)(end - data);
        if (at < TEXT_BYTES)
            memcpy(text + at, data, part < TEXT_BYTES - at ? part : TEXT_BYTES - at);
        data += part;
        left -= part;
        if (left == 0)
            frame_ended();
    }
}

static void run_until(bool *done)
{
    while (!*done) {
        bool sends = has_frame() || next_frame();
        struct pollfd file = {.fd = server, .events = POLLIN | (sends ? POLLOUT : 0)};
        int found = poll(&file, 1, DEADLINE_MS);
        if (found == 0)
            fail("nothing has moved for %d s", DEADLINE_MS / 1000);
        if (file.revents & ~POLLOUT)
            hear();
        if (file.revents & POLLOUT)
            send_some();
    }
}

static void upload(uint64_t size)
{
    char words[SMALL_BYTES + 1];
    ready = asked = finished = false;
    sent_before += total;
    total = size, framed = acknowledged = 0;
    if (mode == V1) {
        snprintf(words, sizeof words, "{\"type\":\"begin\",\"name\":\"table.tsv\",\"size\":%llu}", (unsigned long long)size);
        begin_text(words);
    }
    double began = now();
    run_until(&finished);
    printf("uploaded %.6f %.6f\n", began, now());
}

static void read_block(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) < 0)
        fail("%s: %s", path, strerror(errno));
    block_size = (size_t)ftell(file);
    rewind(file);
    if (block_size == 0 || block_size % CHUNK)
        fail("%s has %zu bytes, which is no multiple of %d", path, block_size, CHUNK);
    block = malloc(block_size);
    if (block == NULL || fread(block, 1, block_size, file) != block_size)
        fail("%s cannot be read", path);
    fclose(file);
    for (size_t i = 0; i < block_size; i++)
        block[i] ^= mask[i % 4];
}

static void shake_hands(int port, const char *path)
{
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    char request[1024], byte;
    const char *status = "HTTP/1.1 101";
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server = socket(AF_INET, SOCK_STREAM, 0);
    if (server < 0 || connect(server, (struct sockaddr *)&there, sizeof there) < 0)
        fail("connect: %s", strerror(errno));
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n",
                        path, port, mode == V1 ? "Sec-WebSocket-Protocol: tsvapp.v1\r\n" : "");
    if (size >= (int)sizeof request || send(server, request, (size_t)size, MSG_NOSIGNAL) != size)
        fail("the handshake cannot be sent");
    for (size_t at = 0, line_end = 0; line_end < 4; at++) {
        if (recv(server, &byte, 1, 0) != 1 || (at < strlen(status) && byte != status[at]))
            fail("the server refuses the handshake");
        line_end = byte == "\r\n\r\n"[line_end] ? line_end + 1 : byte == '\r';
    }
    fcntl(server, F_SETFL, O_NONBLOCK);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {[V1] = "v1", [MESSAGES] = "messages", [WHOLE] = "whole"};
    char line[64];
    if (argc != 5)
        fail("usage: uploader PORT PATH BLOCK MODE");
    while (mode <= WHOLE && strcmp(argv[4], names[mode]) != 0)
        mode++;
    if (mode > WHOLE)
        fail("%s is no mode", argv[4]);
    read_block(argv[3]);
    shake_hands(atoi(argv[1]), argv[2]);
    if (mode == WHOLE)
        run_until(&greeted);
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (strncmp(line, "upload ", 7) != 0)
            fail("%s is no command", line);
        upload(strtoull(line + 7, NULL, 10));
    }
    return 0;
}
