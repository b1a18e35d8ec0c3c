/* The floor: what a page turn costs at least, with one write a viewer, in C, and nothing else.
 *
 *     floor PORT FILE
 *
 * A WebSocket server with one frame, which is a text message of the file's bytes. It goes to everyone who joins, and
 * on any text message to everyone.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_FILES = 20000, EVENTS = 512, REQUEST_BYTES = 2048, BACKLOG = 4096 };
enum { TEXT = 1, CLOSE = 8 };

struct viewer {
    int fd;
    char *request;       /* while the handshake is being read */
    size_t request_size;
    uint8_t head[14];    /* of the frame that is being read */
    size_t head_size;
    uint64_t left;       /* of the frame's payload, which nobody needs */
    uint64_t owed;       /* bytes still to send: whole frames, but for the first */
};

static struct viewer *viewers[MOST_FILES];
static int poller, highest;
static uint8_t *frame;
static size_t frame_size;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static uint32_t rotate(uint32_t value, int by)
{
    return value << by | value >> (32 - by);
}

/* SHA-1 (RFC 3174) of at most 119 bytes, which is all that a handshake needs. */
static void sha1(const char *text, uint8_t digest[20])
{
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint8_t padded[128] = {0};
    size_t size = strlen(text), blocks = (size + 8) / 64 + 1;
    memcpy(padded, text, size);
    padded[size] = 0x80;
    for (size_t i = 0; i < 2; i++)
        padded[blocks * 64 - 1 - i] = (uint8_t)(size * 8 >> 8 * i);
    for (size_t block = 0; block < blocks; block++) {
        uint32_t word[80], now[5];
        memcpy(now, state, sizeof now);
        for (int i = 0; i < 16; i++) {
            const uint8_t *four = padded + block * 64 + 4 * i;
            word[i] = (uint32_t)four[0] << 24 | (uint32_t)four[1] << 16 | (uint32_t)four[2] << 8 | four[3];
        }
        for (int i = 16; i < 80; i++)
            word[i] = rotate(word[i - 3] ^ word[i - 8] ^ word[i - 14] ^ word[i - 16], 1);
        for (int i = 0; i < 80; i++) {
            uint32_t b = now[1], c = now[2], d = now[3];
            uint32_t mix = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999
                           : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                           : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                                    : (b ^ c ^ d) + 0xca62c1d6;
            uint32_t first = rotate(now[0], 5) + mix + now[4] + word[i];
            memmove(now + 1, now, 4 * sizeof *now);
            now[0] = first;
            now[2] = rotate(now[2], 30);
        }
        for (int i = 0; i < 5; i++)
            state[i] += now[i];
    }
    for (int i = 0; i < 20; i++)
        digest[i] = (uint8_t)(state[i / 4] >> (24 - 8 * (i % 4)));
}

/* Base64 of the 20 bytes of a digest: 28 characters, the last of them "=". */
static void base64(const uint8_t digest[20], char text[29])
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int i = 0; i < 7; i++) {
        uint32_t three = (uint32_t)digest[3 * i] << 16 | (uint32_t)digest[3 * i + 1] << 8;
        three |= i < 6 ? digest[3 * i + 2] : 0;
        for (int j = 0; j < 4; j++)
            text[4 * i + j] = letters[three >> (18 - 6 * j) & 63];
    }
    text[27] = '=';
    text[28] = '\0';
}

static void watch(int operation, struct viewer *viewer, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = viewer};
    if (epoll_ctl(poller, operation, viewer->fd, &event) < 0)
        fail("epoll_ctl");
}

static void end(struct viewer *viewer)
{
    viewers[viewer->fd] = NULL;
    close(viewer->fd);
    free(viewer->request);
    free(viewer);
}

/* Send what is owed; a socket that is full is finished when it has room. A viewer that is gone is heard of by reading. */
static void send_owed(struct viewer *viewer)
{
    while (viewer->owed) {
        size_t rest = (viewer->owed - 1) % frame_size + 1;
        ssize_t sent = send(viewer->fd, frame + frame_size - rest, rest, MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EAGAIN)
                watch(EPOLL_CTL_MOD, viewer, EPOLLIN | EPOLLOUT);
            return;
        }
        viewer->owed -= (uint64_t)sent;
    }
}

static void turn_page(void)
{
    for (int fd = 0; fd <= highest; fd++) {
        struct viewer *viewer = viewers[fd];
        if (viewer && viewer->request == NULL) {
            viewer->owed += frame_size;
            if (viewer->owed == frame_size)
                send_owed(viewer);
        }
    }
}

static bool shake(struct viewer *viewer)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", name[] = "sec-websocket-key:";
    char key[64 + sizeof guid] = "", accept[29], answer[256];
    uint8_t digest[20];
    const char *line = strcasestr(viewer->request, name);
    if (line == NULL || sscanf(line + sizeof name - 1, " %63[^\r\n ]", key) != 1)
        return false;
    sha1(strcat(key, guid), digest);
    base64(digest, accept);
    int size = snprintf(answer, sizeof answer,
                        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: %s\r\n\r\n",
                        accept);
    if (send(viewer->fd, answer, (size_t)size, MSG_NOSIGNAL | MSG_MORE) != size)
        return false;
    free(viewer->request);
    viewer->request = NULL;
    viewer->owed = frame_size;
    send_owed(viewer);
    return true;
}

/* Take what a client sends; false when the connection has ended. */
static bool take(struct viewer *viewer, const uint8_t *data, const uint8_t *stop)
{
    while (data < stop) {
        if (viewer->left) {
            size_t part = viewer->left < (size_t)(stop - data) ? viewer->left : (size_t)(stop - data);
            data += part;
            viewer->left -= part;
        } else {
            uint8_t *head = viewer->head;
            head[viewer->head_size++] = *data++;
            size_t extra = viewer->head_size < 2 ? 0 : (head[1] & 127) == 126 ? 2 : (head[1] & 127) == 127 ? 8 : 0;
            if (viewer->head_size < 2 || viewer->head_size < 2 + extra + 4)
                continue;
            viewer->left = extra ? 0 : head[1] & 127;
            for (size_t i = 0; i < extra; i++)
                viewer->left = viewer->left << 8 | head[2 + i];
        }
        if (viewer->left)
            continue;
        int opcode = viewer->head[0] & 15;
        viewer->head_size = 0;
        if (opcode == TEXT)
            turn_page();
        if (opcode == CLOSE) {
            send(viewer->fd, "\x88\x02\x03\xe8", 4, MSG_NOSIGNAL);
            return false;
        }
    }
    return true;
}

/* Read once; false when the connection has ended. */
static bool hear(struct viewer *viewer)
{
    uint8_t data[4096];
    if (viewer->request == NULL) {
        ssize_t size = recv(viewer->fd, data, sizeof data, 0);
        return size > 0 ? take(viewer, data, data + size) : size < 0 && errno == EAGAIN;
    }
    ssize_t size = recv(viewer->fd, viewer->request + viewer->request_size, REQUEST_BYTES - 1 - viewer->request_size, 0);
    if (size <= 0)
        return size < 0 && errno == EAGAIN;
    viewer->request_size += (size_t)size;
    /* A client says nothing before it is answered, so the empty line is the end of what has come. */
    return strstr(viewer->request, "\r\n\r\n") == NULL || shake(viewer);
}

static void accept_all(int listener)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct viewer *viewer = calloc(1, sizeof *viewer);
        if (fd >= MOST_FILES || viewer == NULL || (viewer->request = calloc(1, REQUEST_BYTES)) == NULL)
            fail("one more viewer");
        viewer->fd = fd;
        viewers[fd] = viewer;
        highest = fd > highest ? fd : highest;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        watch(EPOLL_CTL_ADD, viewer, EPOLLIN);
    }
}

static void read_page(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) < 0)
        fail(path);
    size_t size = (size_t)ftell(file);
    rewind(file);
    size_t extra = size < 126 ? 0 : size < 1 << 16 ? 2 : 8; /* RFC 6455, section 5.2 */
    frame_size = 2 + extra + size;
    frame = malloc(frame_size);
    if (frame == NULL || fread(frame + 2 + extra, 1, size, file) != size)
        fail(path);
    fclose(file);
    frame[0] = 0x80 | TEXT;
    frame[1] = (uint8_t)(extra == 0 ? size : extra == 2 ? 126 : 127);
    for (size_t i = 0; i < extra; i++)
        frame[1 + extra - i] = (uint8_t)((uint64_t)size >> 8 * i);
}

static int listen_at(int port)
{
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(listener, (struct sockaddr *)&here, sizeof here) < 0 || listen(listener, BACKLOG) < 0)
        fail("listen");
    return listener;
}

int main(int argc, char **argv)
{
    static struct epoll_event events[EVENTS];
    if (argc != 3) {
        fprintf(stderr, "usage: floor PORT FILE\n");
        return 1;
    }
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    read_page(argv[2]);
    poller = epoll_create1(0);
    struct viewer door = {.fd = listen_at(atoi(argv[1]))};
    watch(EPOLL_CTL_ADD, &door, EPOLLIN);
    for (;;) {
        int ready = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            struct viewer *viewer = events[i].data.ptr;
            if (viewer == &door) {
                accept_all(door.fd);
                continue;
            }
            if (events[i].events & EPOLLOUT) {
                watch(EPOLL_CTL_MOD, viewer, EPOLLIN);
                send_owed(viewer);
            }
            if (events[i].events & ~(uint32_t)EPOLLOUT && !hear(viewer))
                end(viewer);
        }
    }
}
