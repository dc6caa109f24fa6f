from passaparola.segments import rules
from passaparola.kernel import database
from datetime import timedelta
def of(trees, people, as_of, zone):
    out={}
    for id_,tree in trees.items():
        res={}
        for p in people:
            res[p]=one(tree,p,as_of)
        out[id_]=res
    return out
def one(tree,p,as_of):
    vals=[];nx=None
    for r in tree.rules:
        if isinstance(r,rules.Event):
            rows=[database.as_time(x[0]) for x in database.rows("SELECT e.occurred_at FROM event e JOIN person p ON p.id=e.person_id WHERE p.root_id=? AND e.name=?", [p,r.event])]
            rows=[a for a in rows if a<=as_of]
            if r.window:
                w=timedelta(microseconds=r.window.us)
                rows=[a for a in rows if a>as_of-w]
                if rows:
                    nx=min(rows)+w if nx is None else min(nx,min(rows)+w)
            n=len(rows)
            vals.append(n>=r.value if r.operator=='>=' else n==r.value)
        elif isinstance(r,rules.InSegment):
            n=database.rows("SELECT COUNT(*) FROM membership m JOIN person p ON p.id=m.person_id WHERE p.root_id=? AND m.segment_id=? AND m.until_at IS NULL",[p,r.segment])[0][0]
            vals.append((n>0)==(r.operator=='in'))
    if not vals: return (False,None)
    return ((all(vals) if tree.combinator=='and' else any(vals)), nx)
