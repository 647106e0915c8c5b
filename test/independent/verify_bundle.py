"""Verifies the file of an export: `python3 verify_bundle.py bundle.zip vkey-file`, Python 3.9 or later.
Written from docs/log-format.md alone, by somebody who had seen none of the product's code. Whether headers
and directory of the ZIP agree is left to `zipfile`. Cosignatures, which need keys of witnesses, do not count.
"""
import base64, calendar, hashlib, json, os, pathlib, re, struct, sys, time, zipfile

INNER = 'reference params difference hit effects shown proposed_shown'
FIELDS = ['comment', *map('unmapped.'.__add__, INNER.split())]
NAMES = 'records.jsonl records.csv proofs.json checkpoint keys.json granted.json'.split()
TEXTS = ['VERIFY.md', 'certification-draft.md']
MORE = {'bundle': TEXTS, 'archive': TEXTS, 'evidence': ['exact.jsonl', 'custody.json', *TEXTS]}
KINDS = {b'"export_granted"': 3, b'"export_countersigned"': 3, b'"epoch_commitment"': 5}
FORM = 'format log export kind query decided_by from to size readers by purpose asked_at entry records files'
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, PLACE = -121665 * pow(121666, -1, P) % P, ['the ZIP file']  # PLACE: what is looked at, for the fault.

def need(truth, fault):
    if not truth:
        raise ValueError(fault)
def H(*parts):
    return hashlib.sha256(b''.join(parts)).digest()
def b64(text, size=32, alphabet=b'-_'):
    raw = base64.b64decode(text + '=' * (-len(text) % 4), alphabet)
    again = base64.b64encode(raw, alphabet).decode().rstrip('=' if alphabet == b'-_' else '')
    need((text, size or len(raw)) == (again, len(raw)), 'bytes are not canonical, or too few or many')
    return raw
def ordered(pairs):
    need(len(dict(pairs)) == len(pairs), 'an object has a name twice')
    return dict(sorted(pairs, key=lambda pair: pair[0].encode('utf-16-be')))
def number(text):
    need(float(text).is_integer() and abs(float(text)) < 2**53, 'a number is not whole, or too large')
    return int(float(text))
def parse(data):
    numbers = dict.fromkeys(('parse_int', 'parse_float', 'parse_constant'), number)
    value = json.loads(data.decode(), object_pairs_hook=ordered, **numbers)
    json.dumps(value, ensure_ascii=False).encode()  # Half a surrogate pair cannot be encoded.
    return value
def jcs(value):  # Parsed once more, for the order of names.
    again = parse(json.dumps(value, ensure_ascii=False).encode())
    return json.dumps(again, ensure_ascii=False, separators=(',', ':')).encode()

def unzip(path):
    with zipfile.ZipFile(path) as archive:
        at, files = 0, archive.infolist()
        for each in files:
            plain = each.header_offset == at and each.compress_type in (0, 8) and not each.flag_bits & ~0x80e
            need(plain, 'there are bytes between files, or one is packed in another way')
            at += 30 + len(each.filename) + each.compress_size + (16 if each.flag_bits & 8 else 0)
        end = at + sum(46 + len(each.filename) for each in files) + 22
        need((archive.start_dir, os.path.getsize(path), len(archive.NameToInfo)) == (at, end, len(files)),
             'there are bytes between its parts, or a name twice')
        return {each.filename: archive.read(each) for each in files}

def add(a, b):  # Points are (x, y), as in RFC 8032 §5.1.
    product = D * a[0] * a[1] * b[0] * b[1]
    x, y = a[0] * b[1] + a[1] * b[0], a[1] * b[1] + a[0] * b[0]
    return x * pow(1 + product, -1, P) % P, y * pow(1 - product, -1, P) % P
def times(scalar, point):
    half = times(scalar >> 1, add(point, point)) if scalar else (0, 1)
    return add(half, point) if scalar & 1 else half
def point(raw):
    y, sign = int.from_bytes(raw, 'little') % 2**255, raw[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    need(y < P and x * x % P == square and (x or not sign), 'the signature has no point of the curve')
    return x if x & 1 == sign else P - x, y
def signed(key, text, raw):
    s, base = int.from_bytes(raw[32:], 'little'), point(bytes([0x58]) + bytes([0x66]) * 31)
    k = int.from_bytes(hashlib.sha512(raw[:32] + key + text).digest(), 'little') % L
    return len(raw) == 64 and s < L and times(s, base) == add(point(raw[:32]), times(k, point(key)))
def opened(note, vkey):
    name, start, key = vkey.split('+', 2)
    key = b64(key, 33, b'+/')
    need(key[0] == 1 and H(name.encode(), b'\n', key)[:4].hex() == start, 'the key is no verifier key')
    shape = f'({re.escape(name)}\n(0|[1-9][0-9]*)\n([^\n]+)\n)\n((?:— [^ \n]+ [^ \n]+\n)*)'
    text, size, root, lines = re.fullmatch(shape, note).groups()
    given = [(who, b64(sig, None, b'+/')) for who, sig in re.findall('— ([^ ]+) (.+)\n', lines)]
    own = [raw[4:] for who, raw in given if (who, raw[:4].hex()) == (name, start)]
    need(own, 'the log has not signed it')
    need(all(signed(key[1:], text.encode(), raw) for raw in own), "the signature is not the log's")
    return int(size), b64(root, 32, b'+/')

def moment(eid):
    digits = re.fullmatch(r'entry_([0-7][0-9a-hjkmnp-tv-z]{25})(?:\.outcome)?', eid)[1]
    uuid = int(digits.translate(str.maketrans('jkmnpqrstvwxyz', 'ijklmnopqrstuv')), 32)
    need([uuid >> 76 & 15, uuid >> 62 & 3, (uuid >> 80) % 10000] == [8, 2, 0], 'the eid has not its form')
    return uuid >> 80, '{:04}-{:02}'.format(*time.gmtime((uuid >> 80) // 1000))
def instant(text):
    at, part = re.fullmatch(r'([0-9-]{10}T[0-9:]{8})(?:\.([0-9]+))?Z', text).groups('0')
    return calendar.timegm(time.strptime(at, '%Y-%m-%dT%H:%M:%S')) * 10**6 + int(part.ljust(6, '0')[:6])
def committed(body, salts, hashes):
    need(jcs(body) and not {*salts} & {*hashes} and {*salts, *hashes} <= {*FIELDS}, 'it has a field twice')
    form = {**body, 'unmapped': {**body['unmapped']}}
    for name in FIELDS:
        place, key = (form, name) if name == 'comment' else (form['unmapped'], name[9:])
        shown = key in place and (name, name in hashes) != ('unmapped.hit', True)
        need(shown == (name in salts), f'{name} is there without a salt, or is not there')
        if shown or name in hashes:
            raw = H(b'\4', b64(salts[name], 16), jcs(place[key])) if shown else b64(hashes[name])
            place[key] = base64.urlsafe_b64encode(raw).decode().rstrip('=')
    return jcs(form)
def record(row, log):
    eid, body, view, salts = row['eid'], row['body'], row['view'], row['view'].get('field_salts', {})
    hashes, (year, number) = view.get('field_hashes', {}), map(int, moment(eid)[1].split('-'))
    numbers = [view[name] for name in ('epoch', 'type', 'flags', 'index', 'position')]
    need(all(type(each) is int for each in numbers), 'it has no place yet, or what is no number')
    need((body['metadata']['uid'], view['log']) == (eid, log), 'it is of another eid or log')
    floors = [body['time'], body.get('start_time', 0)]
    need(all(type(at) is int and at % 10000 == 0 for at in floors), 'a time is not floored')
    need(sorted(row.get('withheld', [])) == sorted(hashes), 'its hashes are not of what is withheld')
    digest = H(b'\3', b64(view['body_salt']), committed(body, salts, hashes))
    need(digest == b64(row['digest']), 'the digest is not that of the body')
    carrier, path, position = b64(view['carrier'], 24), view['path'], view['position']
    due, lasts, (at, took) = body['time'] * 1000, 'start_time' in body, struct.unpack('>2Q', carrier[8:])
    tens, begun = (at // 10**7 * 10**7, took // 10**7 * 10**7), body.get('start_time', body['time']) * 1000
    marked = tens[0] in (due, begun) and tens[1] == max(0, due - begun) and (lasts or not took)
    need(marked or (at, took) == (due, 0), 'the carrier has another time')
    text = time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(at // 10**6)) + f'.{at % 10**6:06}Z'
    told = {'latency_s': f'{took // 10**6}.{took % 10**6:06}'} if lasts else {}
    need(row.get('shown') in (None, {'time': text, **told, 'exact_to_s': 10}), 'other times are shown')
    need(2 <= len(path) <= 10 and 0 <= position < 2**len(path), 'there is no such slot')
    node = H(b'\2', b64(view['salt'], 16), carrier, digest)
    for each in map(b64, path):
        node, position = H(b'\1', *((each, node) if position & 1 else (node, each))), position >> 1
    kind = KINDS.get(jcs(body['unmapped'].get('kind')), 2)
    need(numbers[:3] == [year * 12 + number - 1, kind, 0], 'epoch, type or flags are not those of the entry')
    leaf = struct.pack('>4sBBL', b'TPL1', *numbers[1:3], numbers[0]) + node
    return H(b'\0', leaf, b64(view['attr_commit']), b64(view['seal_commit'])), carrier[:8].hex()
def included(node, index, path, size, root):
    last, within = size - 1, 0 <= index < size
    for each in (b64(text, 32, b'+/') for text in path):
        within, left = within and last > 0, index & 1 or index == last
        while left and not index & 1 and index:
            index, last = index >> 1, last >> 1
        node, index, last = H(b'\1', *((each, node) if left else (node, each))), index >> 1, last >> 1
    need(within and last == 0 and node == root, 'the leaf is not in the tree at its index')
def sealed(row, more):
    body, exact = row['body'], more['exact']
    need(more['eid'] == row['eid'] and not row.get('withheld'), 'a field is withheld, or the eid another')
    seal = H(b'\5', b64(more['seal_salt']), jcs(body), b'\n', jcs(exact))
    need(seal == b64(row['view']['seal_commit']), 'it is not what was sealed')
    plain = b64(row['view']['carrier'], 24)[8:] == struct.pack('>2Q', body['time'] * 1000, 0)
    need(plain and 'shown' not in row, 'its times are marked, and evidence has the exact ones')
    floors = {name: int(re.fullmatch('0|[1-9][0-9]*', at)[0]) // 10**7 * 10**4 for name, at in exact.items()}
    said = {'time': body['time'], 'start': body.get('start_time')}
    need({'start': None, **floors} == said, 'its exact times are not those of the body')
def granted(row, manifest, tree, readers):
    (node, reader), index, body = record(row, manifest['log']), row['view']['index'], row['body']
    proof, note = row['proof'].split('\n\n', 1)
    proof = re.fullmatch('c2sp.org/tlog-proof@v1\n(?:extra .*\n)?index ([0-9]+)((?:\n.+)*)', proof)
    need((note, proof[1]) == (tree[0], str(index)) and index >= manifest['size'], 'another tree, or place')
    included(node, index, proof[2].split('\n')[1:], *tree[1:])
    need(row['eid'] == manifest['entry'] and row['view']['type'] == 3, 'it is another entry')
    need(readers.get(moment(row['eid'])[1], reader) == reader, 'it is the copy of another reader')
    inner, user = body['unmapped'], body['actor']['user']
    said = {**inner, 'kind': inner['export_kind'], 'decided_by': inner.get('by'), 'asked_at': body['time'],
            'by': {'person': user['uid'], 'name': user['name'], 'organisation': user['org']['uid']}}
    asked = {'decided_by': None, **manifest, 'asked_at': instant(manifest['asked_at']) // 10**7 * 10**4}
    for name in 'export query from to size purpose kind decided_by by asked_at'.split():
        need(jcs(said[name]) == jcs(asked[name]), f'{name} is not that of the manifest')

def verify(path, vkey):
    files, PLACE[0] = unzip(path), 'manifest.json'
    manifest = parse(files['manifest.json'])
    kind, form = manifest['kind'], {'decided_by': 'us', **manifest}
    said = [sorted(form), form['format'], form['decided_by']]
    need(said == [sorted(FORM.split()), 'sallyport-bundle/1', 'us'], 'it is of another format')
    said = [{'name': name, 'bytes': len(files[name]), 'sha256': hashlib.sha256(files[name]).hexdigest()}
            for name in NAMES + MORE[kind] if name in files or name != 'granted.json']
    need([*files] == [each['name'] for each in said] + ['manifest.json'], 'there are other files')
    need(jcs(manifest['files']) == jcs(said), 'a file has not the digest that it says')
    first, end = instant(manifest['from']) // 10**7 * 10**4, instant(manifest['to'])
    PLACE[0], log, note = 'checkpoint', vkey.split('+')[0], files['checkpoint'].decode()
    size, root = opened(note, vkey)
    need([manifest['log'], parse(files['keys.json'])['log']] == [log, vkey], 'keys are of another log')
    PLACE[0], (head, *proofs, tail) = 'proofs.json', files['proofs.json'].rstrip(b'\n').split(b'\n')
    head, proofs = parse(head + tail), parse(b'[' + b''.join(proofs) + b']')
    said = {'proofs': [], 'root': base64.b64encode(root).decode(), 'size': size}
    need(head == said and size >= manifest['size'], 'it is of another tree, or of a smaller one')
    PLACE[0], (*rows, rest) = 'records.jsonl', files['records.jsonl'].split(b'\n')
    *exact, other = files.get('exact.jsonl', b'\n' * len(rows)).split(b'\n')
    need(len(rows) == len(proofs) == len(exact) == manifest['records'] and rest + other == b'', 'lines lack')
    readers, eids, places = {each['month']: each['reader'] for each in manifest['readers']}, [], []
    for count, (line, proof, more) in enumerate(zip(rows, proofs, exact), 1):
        PLACE[0] = f'records.jsonl, line {count}'
        (node, reader), eid, index = record(row := parse(line), log), row['eid'], row['view']['index']
        need(index == proof['index'] and index < manifest['size'] and 'proof' not in row, 'another index')
        included(node, index, proof['hashes'], size, root)
        at, month = moment(eid)
        need(eid not in eids and index not in places, 'it stands there twice')
        need(first <= at and at * 1000 <= end, 'it is not of the time that was asked for')
        need(readers[month] == reader, 'it is the copy of another reader')
        eids, places = [*eids, eid], sorted([*places, index])
        if kind == 'evidence':
            sealed(row, parse(more))
    months = sorted({moment(eid)[1] for eid in eids})
    need([each['month'] for each in manifest['readers']] == months, 'readers are not of the months')
    PLACE[0], by = 'granted.json', manifest['entry'] if 'granted.json' in files else 'nothing that is in it'
    if 'granted.json' in files:
        granted(parse(files['granted.json']), manifest, (note, size, root), readers)
    gaps = ', '.join(f'{a + 1}–{b - 1}' for a, b in zip(places, places[1:]) if b - a > 1) or 'none'
    return f'{len(rows)} records in the tree of size {size} of {log}, gaps: {gaps}, granted by {by}'

if __name__ == '__main__':
    try:
        print(verify(sys.argv[1], pathlib.Path(sys.argv[2]).read_text('utf-8').strip()))
    except Exception as fault:
        sys.exit(f'{PLACE[0]}: {fault if type(fault) is ValueError else "no format: " + repr(fault)[:60]}')
