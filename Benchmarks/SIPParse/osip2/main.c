#include <osipparser2/osip_parser.h>
#include <string.h>
#include "../measure.h"

static void failed(const char *what) {
    fprintf(stderr, "libosip2: %s\n", what);
    exit(1);
}

static osip_message_t *parse(void) {
    osip_message_t *sip;
    if (osip_message_init(&sip) != 0) failed("init");
    if (osip_message_parse(sip, message, message_length) != 0) failed("parse");
    return sip;
}

static void parse_only(void) { osip_message_free(parse()); }

static void parse_and_serialise(void) {
    osip_message_t *sip = parse();
    char *text;
    size_t length;
    if (osip_message_to_str(sip, &text, &length) != 0 || length < message_length - 100) failed("to_str");
    osip_free(text);
    osip_message_free(sip);
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    read_message(argv[1]);
    parser_init();
    print_row("libosip2", "parse", least_cost(parse_only, 7, 20000));
    print_row("libosip2", "parse, serialise", least_cost(parse_and_serialise, 7, 20000));
    return 0;
}
