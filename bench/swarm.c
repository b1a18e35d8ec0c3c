/* Many WebSocket viewers in one thread: the client that must not be the bottleneck of a measurement.
 *
 *     swarm PORT PATH [--least BYTES] [--subprotocol NAME] [--deadline SECONDS]
 *
 * Commands come as lines on stdin, and each is answered by one line on stdout:
 *
 *     join N         open N more viewers, at most 64 handshakes at once; a viewer has joined once it has got a page
 *                    -> joined SECONDS
 *     turn TEXT      the first viewer sends TEXT; wait until every viewer has got one new page
 *                    -> turned LAST P50 P99 BYTES   (milliseconds since the send; bytes received by all)
 *     idle SECONDS   read on, and answer pings
 *                    -> idled MESSAGES
 *     leave N        close the newest N viewers, and wait until the server has closed them too
 *                    -> left SECONDS
 *     quit
 *
 * A page is a data message of at least BYTES; smaller ones (who is here, heartbeats) are counted and passed over.
 * Payloads are not kept. A connection that the server closes, a broken frame or a passed deadline ends the swarm with
 * a sentence on stderr and status 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"

enum {
    MOST_VIEWERS = 20000,
    HANDSHAKES = 64,
    /* The kernel looks for a free port ever longer as one source address runs out of them. */
    VIEWERS_AN_ADDRESS = 5000,
    EVENTS = 512,
    CONTROL_BYTES = 125,
};
enum { TEXT = 1, CLOSE = 8, PING = 9 };
enum phase { CONNECTING, SHAKING, OPEN, LEAVING, GONE };

struct viewer {
    int fd;
    enum phase phase;
    bool joined;
    unsigned turn;          /* the latest turn whose page has come */
    int line_end;           /* how much of the empty line behind the handshake has come */
    uint8_t head[14];       /* of the frame that is being read; of the handshake, its first bytes */
    size_t head_size;
    uint64_t length, left;  /* of the frame's payload */
    uint64_t message_size;  /* of the message so far, which may have several frames */
    uint8_t control[CONTROL_BYTES];
};

static struct viewer viewers[MOST_VIEWERS];
static size_t count, wanted, joined, opening, gone, leaving;
static uint64_t least = 1, messages, bytes;
static unsigned turn;
static double arrivals[MOST_VIEWERS];
static size_t arrived;
static double deadline_seconds = 60;
static int port, poller;
static char request[1024];
static uint8_t buffer[256 << 10];

static void fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    fprintf(stderr, "swarm: ");
    vfprintf(stderr, format, values);
    fprintf(stderr, " (%zu viewers, %zu of them joined)\n", count, joined);
    va_end(values);
    exit(1);
}

static void watch(int operation, int fd, uint32_t events, struct viewer *viewer)
{
    struct epoll_event event = {.events = events, .data.ptr = viewer};
    if (epoll_ctl(poller, operation, fd, &event) < 0)
        fail("epoll_ctl: %s", strerror(errno));
}

/* What a client sends here is small, so a socket that does not take it whole is as good as dead. */
static void send_whole(struct viewer *viewer, const void *data, size_t size)
{
    if (send(viewer->fd, data, size, MSG_NOSIGNAL) != (ssize_t)size && viewer->phase != LEAVING)
        fail("viewer %zu: the server does not take what is sent: %s", (size_t)(viewer - viewers), strerror(errno));
}

static void send_frame(struct viewer *viewer, int opcode, const uint8_t *payload, size_t size)
{
    static const uint8_t mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    uint8_t frame[6 + CONTROL_BYTES];
    if (size > CONTROL_BYTES)
        fail("a frame of %zu bytes is more than is ever sent here", size);
    frame[0] = (uint8_t)(0x80 | opcode);
    frame[1] = (uint8_t)(0x80 | size);
    memcpy(frame + 2, mask, 4);
    for (size_t i = 0; i < size; i++)
        frame[6 + i] = payload[i] ^ mask[i % 4];
    send_whole(viewer, frame, 6 + size);
}

static void page_ended(struct viewer *viewer)
{
    if (!viewer->joined) {
        viewer->joined = true;
        viewer->turn = turn;
        joined++, opening--;
    } else if (viewer->turn != turn) {
        viewer->turn = turn;
        arrivals[arrived++] = now();
    }
}

static void frame_ended(struct viewer *viewer)
{
    int opcode = viewer->head[0] & 15;
    bool final = viewer->head[0] & 0x80;
    viewer->head_size = 0;
    if (opcode == CLOSE && viewer->phase != LEAVING) {
        int code = viewer->length < 2 ? 0 : viewer->control[0] << 8 | viewer->control[1];
        fail("viewer %zu: the server closes with %d %.*s", (size_t)(viewer - viewers), code,
             viewer->length < 2 ? 0 : (int)viewer->length - 2, viewer->control + 2);
    }
    if (opcode == PING)
        send_frame(viewer, 10, viewer->control, viewer->length);
    if (opcode >= CLOSE)
        return;
    viewer->message_size += viewer->length;
    if (!final)
        return;
    messages++;
    if (viewer->message_size >= least)
        page_ended(viewer);
    viewer->message_size = 0;
}

/* Take one byte of a frame's head (RFC 6455, section 5.2); true once the head is whole. */
static bool head_byte(struct viewer *viewer, uint8_t byte)
{
    uint8_t *head = viewer->head;
    head[viewer->head_size++] = byte;
    if (viewer->head_size < 2)
        return false;
    size_t extra = head[1] == 126 ? 2 : head[1] == 127 ? 8 : 0;
    if (viewer->head_size < 2 + extra)
        return false;
    if (head[1] & 0x80 || head[0] & 0x70 || ((head[0] & 8) && head[1] > CONTROL_BYTES))
        fail("viewer %zu: a broken frame, %02x %02x", (size_t)(viewer - viewers), head[0], head[1]);
    viewer->length = extra ? 0 : head[1];
    for (size_t i = 0; i < extra; i++)
        viewer->length = viewer->length << 8 | head[2 + i];
    viewer->left = viewer->length;
    return true;
}

static void handshake_byte(struct viewer *viewer, uint8_t byte)
{
    static const char status[] = "HTTP/1.1 101";
    if (viewer->head_size < sizeof status - 1) {
        if (byte != status[viewer->head_size++])
            fail("viewer %zu: the server refuses the handshake", (size_t)(viewer - viewers));
        return;
    }
    viewer->line_end = byte == "\r\n\r\n"[viewer->line_end] ? viewer->line_end + 1 : byte == '\r';
    if (viewer->line_end == 4) {
        viewer->phase = OPEN;
        viewer->head_size = 0;
    }
}

static void take(struct viewer *viewer, const uint8_t *data, size_t size)
{
    const uint8_t *end = data + size;
    while (data < end) {
        if (viewer->phase == SHAKING) {
            handshake_byte(viewer, *data++);
        } else if (viewer->left == 0) {
            if (head_byte(viewer, *data++) && viewer->left == 0)
                frame_ended(viewer);
        } else {
            size_t part = viewer->left < (size_t)(end - data) ? viewer->left : (size_t)(end - data);
            if (viewer->head[0] & 8)
                memcpy(viewer->control + viewer->length - viewer->left, data, part);
            data += part;
            viewer->left -= part;
            if (viewer->left == 0)
                frame_ended(viewer);
        }
    }
}

static void hear(struct viewer *viewer)
{
    ssize_t size = recv(viewer->fd, buffer, sizeof buffer, 0);
    if (size > 0) {
        bytes += (uint64_t)size;
        take(viewer, buffer, (size_t)size);
    } else if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    } else if (viewer->phase == LEAVING) {
        close(viewer->fd);
        viewer->phase = GONE;
        gone++;
    } else {
        fail("viewer %zu: the connection is lost: %s", (size_t)(viewer - viewers), size ? strerror(errno) : "closed");
    }
}

static void open_viewer(void)
{
    struct viewer *viewer = &viewers[count];
    struct sockaddr_in here = {.sin_family = AF_INET}, there = {.sin_family = AF_INET};
    *viewer = (struct viewer){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)};
    if (viewer->fd < 0)
        fail("socket: %s", strerror(errno));
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(count / VIEWERS_AN_ADDRESS));
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    there.sin_port = htons((uint16_t)port);
    /* The port is chosen when the other end is known: then one port serves many destinations. */
    setsockopt(viewer->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &(int){1}, sizeof(int));
    if (bind(viewer->fd, (struct sockaddr *)&here, sizeof here) < 0)
        fail("bind: %s", strerror(errno));
    /* Else a turn would wait until the server has acknowledged a pong. */
    setsockopt(viewer->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (connect(viewer->fd, (struct sockaddr *)&there, sizeof there) < 0 && errno != EINPROGRESS)
        fail("connect: %s", strerror(errno));
    watch(EPOLL_CTL_ADD, viewer->fd, EPOLLOUT, viewer);
    count++, opening++;
}

static void connected(struct viewer *viewer)
{
    int error = 0;
    getsockopt(viewer->fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){sizeof error});
    if (error)
        fail("connect: %s", strerror(error));
    viewer->phase = SHAKING;
    send_whole(viewer, request, strlen(request));
    watch(EPOLL_CTL_MOD, viewer->fd, EPOLLIN, viewer);
}

/* Read and answer until `done` says so; false when that was not before `until` (0: no limit). */
static bool run(bool (*done)(void), double until)
{
    static struct epoll_event events[EVENTS];
    while (!done()) {
        double rest = until ? until - now() : 0;
        if (rest < 0)
            return false;
        int ready = epoll_wait(poller, events, EVENTS, until ? (int)(rest * 1000) + 1 : -1);
        for (int i = 0; i < ready; i++) {
            struct viewer *viewer = events[i].data.ptr;
            if (viewer == NULL) /* a command waits on stdin */
                return true;
            if (viewer->phase == CONNECTING)
                connected(viewer);
            else
                hear(viewer);
        }
    }
    return true;
}

static bool never(void)
{
    return false;
}

static bool all_joined(void)
{
    while (opening < HANDSHAKES && count < wanted)
        open_viewer();
    return joined == wanted;
}

static bool all_arrived(void)
{
    return arrived == count;
}

static bool all_gone(void)
{
    return gone == leaving;
}

static void run_to_the_end(const char *what, bool (*done)(void), size_t *reached)
{
    if (!run(done, now() + deadline_seconds))
        fail("%s is not done after %.0f s: %zu", what, deadline_seconds, *reached);
}

static void join(size_t more)
{
    double started = now();
    wanted = count + more;
    if (wanted > MOST_VIEWERS)
        fail("%zu viewers are more than the %d there is room for", wanted, MOST_VIEWERS);
    run_to_the_end("join", all_joined, &joined);
    printf("joined %.6f\n", now() - started);
}

static void turn_page(const char *text)
{
    uint64_t before = bytes;
    if (count == 0)
        fail("nobody is here to turn a page");
    turn++;
    arrived = 0;
    double sent = now();
    send_frame(&viewers[0], TEXT, (const uint8_t *)text, strlen(text));
    run_to_the_end("turn", all_arrived, &arrived);
    /* They were noted as they came, so they are in order. */
    printf("turned %.3f %.3f %.3f %llu\n", 1e3 * (arrivals[count - 1] - sent),
           1e3 * (arrivals[(count - 1) / 2] - sent), 1e3 * (arrivals[(count * 99 + 99) / 100 - 1] - sent),
           (unsigned long long)(bytes - before));
}

static void idle(double seconds)
{
    uint64_t before = messages;
    run(never, now() + seconds);
    printf("idled %llu\n", (unsigned long long)(messages - before));
}

static void leave(size_t fewer)
{
    static const uint8_t normal[2] = {1000 >> 8, 1000 & 255};
    double started = now();
    if (fewer > count)
        fail("%zu viewers cannot leave", fewer);
    gone = 0, leaving = fewer;
    for (size_t i = count - fewer; i < count; i++) {
        viewers[i].phase = LEAVING;
        send_frame(&viewers[i], CLOSE, normal, sizeof normal);
    }
    run_to_the_end("leave", all_gone, &gone);
    count -= fewer, joined -= fewer;
    printf("left %.6f\n", now() - started);
}

static void prepare(int argc, char **argv)
{
    const char *subprotocol = NULL;
    if (argc < 3 || argc % 2 == 0)
        fail("usage: swarm PORT PATH [--least BYTES] [--subprotocol NAME] [--deadline SECONDS]");
    port = atoi(argv[1]);
    for (int i = 3; i < argc; i += 2) {
        if (strcmp(argv[i], "--least") == 0)
            least = strtoull(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--subprotocol") == 0)
            subprotocol = argv[i + 1];
        else if (strcmp(argv[i], "--deadline") == 0)
            deadline_seconds = atof(argv[i + 1]);
        else
            fail("%s is no option", argv[i]);
    }
    int size = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s%s%s\r\n",
                        argv[2], port, subprotocol ? "Sec-WebSocket-Protocol: " : "", subprotocol ? subprotocol : "",
                        subprotocol ? "\r\n" : "");
    if (size >= (int)sizeof request)
        fail("the path is too long");
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    poller = epoll_create1(0);
    watch(EPOLL_CTL_ADD, STDIN_FILENO, EPOLLIN | EPOLLONESHOT, NULL);
    setvbuf(stdin, NULL, _IONBF, 0);
    setvbuf(stdout, NULL, _IOLBF, 0);
}

int main(int argc, char **argv)
{
    char line[256];
    prepare(argc, argv);
    for (;;) {
        run(never, 0);
        if (fgets(line, sizeof line, stdin) == NULL)
            return 0;
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "join ", 5) == 0)
            join(strtoul(line + 5, NULL, 10));
        else if (strncmp(line, "turn ", 5) == 0)
            turn_page(line + 5);
        else if (strncmp(line, "idle ", 5) == 0)
            idle(atof(line + 5));
        else if (strncmp(line, "leave ", 6) == 0)
            leave(strtoul(line + 6, NULL, 10));
        else if (strcmp(line, "quit") == 0)
            return 0;
        else
            fail("%s is no command", line);
        /* One shot, so that the next command is looked at only when this one is answered. */
        watch(EPOLL_CTL_MOD, STDIN_FILENO, EPOLLIN | EPOLLONESHOT, NULL);
    }
}
