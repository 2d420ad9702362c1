I=$1; A=$2; B=$3; V=$4; R=$5
$I -t nat -N KUBE-SERVICES; $I -t nat -N KUBE-SVC-WEB; $I -t nat -N KUBE-SEP-A; $I -t nat -N KUBE-SEP-B; $I -t nat -N KUBE-MARK-MASQ
$I -t nat -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
$I -t nat -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
$I -t nat -A KUBE-SERVICES -d $V -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-WEB
$I -t nat -A KUBE-SVC-WEB -m statistic --mode random --probability 0.5 -j KUBE-SEP-A
$I -t nat -A KUBE-SVC-WEB -j KUBE-SEP-B
$I -t nat -A KUBE-SEP-A -s ${A} -j KUBE-MARK-MASQ
$I -t nat -A KUBE-SEP-A -p tcp -m tcp -j DNAT --to-destination $6
$I -t nat -A KUBE-SEP-B -p tcp -m tcp -j DNAT --to-destination $7
$I -N KUBE-FORWARD
$I -A FORWARD -j KUBE-FORWARD
$I -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
$I -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
$I -A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
$I -A FORWARD -d $R -p udp -j REJECT
$I -P FORWARD DROP
