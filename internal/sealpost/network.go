package sealpost

// Reach is who may write to somebody without being asked for (R31).
type Reach string

// The settings of who may message me. With the first two everybody else's messages
// become requests.
const (
	ReachConnections Reach = "connections"                // the default
	ReachSecond      Reach = "connections_of_connections" // or who shares a connection
	ReachAnyone      Reach = "anyone"
	ReachNobodyNew   Reach = "nobody_new" // refuses everybody without an existing conversation
)

// Reaches lists every setting.
func Reaches() []Reach {
	return []Reach{ReachConnections, ReachSecond, ReachAnyone, ReachNobodyNew}
}
