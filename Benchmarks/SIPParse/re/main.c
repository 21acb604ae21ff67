#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/types.h>
#include <re.h>
#include <string.h>
#include "../measure.h"

static void failed(const char *what) {
    fprintf(stderr, "libre: %s\n", what);
    exit(1);
}

// libre keeps a reference to the buffer, so each message needs its own, as from a socket.
static struct sip_msg *parse(void) {
    struct sip_msg *msg;
    struct mbuf *mb = mbuf_alloc(message_length);
    if (!mb || mbuf_write_mem(mb, (uint8_t *)message, message_length)) failed("mbuf");
    mb->pos = 0;
    if (sip_msg_decode(&msg, mb)) failed("decode");
    mem_deref(mb);
    return msg;
}

static void parse_only(void) { mem_deref(parse()); }

static bool write_header(const struct sip_hdr *hdr, const struct sip_msg *msg, void *arg) {
    struct mbuf *mb = arg;
    (void)msg;
    return mbuf_write_pl(mb, &hdr->name) || mbuf_write_str(mb, ": ") || mbuf_write_pl(mb, &hdr->val) ||
           mbuf_write_str(mb, "\r\n");
}

static void parse_and_serialise(void) {
    struct sip_msg *msg = parse();
    struct mbuf *mb = mbuf_alloc(message_length);
    if (mbuf_write_pl(mb, &msg->met) || mbuf_write_str(mb, " ") || mbuf_write_pl(mb, &msg->ruri) ||
        mbuf_write_str(mb, " SIP/2.0\r\n") || sip_msg_hdr_apply(msg, true, SIP_HDR_NONE, write_header, mb) ||
        mbuf_write_str(mb, "\r\n") || mbuf_write_mem(mb, mbuf_buf(msg->mb), mbuf_get_left(msg->mb)))
        failed("write");
    // libre takes comma lists apart and gives one field per value.
    if (mb->end < message_length)
    mem_deref(mb);
    mem_deref(msg);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    read_message(argv[1]);
    print_row("libre", "parse", least_cost(parse_only, 7, 20000));
    print_row("libre", "parse, serialise", least_cost(parse_and_serialise, 7, 20000));
    return 0;
}
